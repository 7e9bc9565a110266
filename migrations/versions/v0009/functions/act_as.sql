-- From here on, to the transaction's end, only what an agent of this role may write can be written, and with p_reading only
-- what it may read is seen. No role is the application itself, which may do everything; an agent without one has ''.
-- Whose fields were dropped or renamed by a later version nobody can say any more: no agent sees their past.
create or replace function semmem.act_as(p_tenant text, p_kind text, p_id text, p_role text, p_reading boolean)
returns void
language sql as $$
    with recursive told as (  -- from name to name, however many values each has had
        (select s.field from semmem.state s
         where (s.tenant, s.scope_kind, s.scope_id) = (p_tenant, p_kind, p_id) and p_reading
         order by s.field limit 1)
        union all
        select (select s.field from semmem.state s
                where (s.tenant, s.scope_kind, s.scope_id) = (p_tenant, p_kind, p_id) and s.field > t.field
                order by s.field limit 1)
        from told t where t.field is not null
    ), known as (
        select f.field, p_role <> all (f.writers) as unwritable, p_reading and p_role <> all (f.readers) as unreadable
        from semmem.fields f
        where (f.tenant, f.scope_kind, f.scope_id) = (p_tenant, p_kind, p_id)
    ), hidden as (
        select k.field from known k where k.unreadable
        union all
        select t.field from told t where t.field is not null and t.field not in (select k.field from known k)
    )
    select set_config('semmem.unwritable',
                      (select coalesce(array_agg(k.field) filter (where k.unwritable), '{}') from known k)::text, true),
           set_config('semmem.unreadable', (select coalesce(array_agg(h.field), '{}') from hidden h)::text, true)
$$;
