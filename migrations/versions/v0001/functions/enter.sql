-- The setting's four parts hold until the transaction ends.
create function semmem.enter(p_tenant text, p_kinds text[], p_ids text[]) returns void
language sql as $$
    with v as (select * from unnest(p_kinds, p_ids) as v (kind, id))
    select case when current_user = 'semmem_app' and row_security_active('semmem.events'::regclass) then null
                else semmem.refuse() end,
           set_config('semmem.tenant', p_tenant, true),
           set_config('semmem.users', array(select id from v where kind = 'user')::text, true),
           set_config('semmem.workspaces', array(select id from v where kind = 'workspace')::text, true),
           set_config('semmem.branches', array(select id from v where kind = 'branch')::text, true)
$$;
