-- From here on, to the transaction's end, only what an agent of this role may write can be written, and with p_reading only
-- what it may read is seen. No role is the application itself, which may do everything; an agent without one has ''.
create or replace function semmem.act_as(p_tenant text, p_kind text, p_id text, p_role text, p_reading boolean)
returns void
language sql as $$
    select set_config('semmem.unwritable', coalesce(array_agg(f.field) filter (where p_role <> all (f.writers)), '{}')::text, true),
           set_config('semmem.unreadable', coalesce(
               array_agg(f.field) filter (where p_reading and p_role <> all (f.readers)), '{}')::text, true)
    from semmem.fields f
    where (f.tenant, f.scope_kind, f.scope_id) = (p_tenant, p_kind, p_id)
$$;
