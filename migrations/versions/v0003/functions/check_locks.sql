-- Ends the statement of a writer whose locks are its own no more. It holds the scope's head, and so does whoever takes a
-- lock: none of them changes hands before its commit.
create or replace function semmem.check_locks(p_tenant text, p_kind text, p_id text, p_names text[], p_token bigint)
returns void
language plpgsql as $$
declare
    lost text;
begin
    select n.name into lost from unnest(p_names) as n (name)
    where not exists (
        select from semmem.locks l
        where (l.tenant, l.scope_kind, l.scope_id, l.name, l.token) = (p_tenant, p_kind, p_id, n.name, p_token))
    order by n.name limit 1;
    if found then
        raise exception using errcode = 'SM012', message = 'lock lost', detail = lost;
    end if;
end $$;
