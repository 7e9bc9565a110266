-- The first of these locks that somebody holds at this moment; without a name where nobody does.
create or replace function semmem.held_lock(p_tenant text, p_kind text, p_id text, p_names text[]) returns semmem.locks
language sql as $$
    select * from semmem.locks l
    where (l.tenant, l.scope_kind, l.scope_id) = (p_tenant, p_kind, p_id) and l.name = any (p_names)
      and l.held_until > clock_timestamp()
    order by l.name limit 1
$$;
