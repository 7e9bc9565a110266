-- The first of the next positions of a scope's log, which the caller's transaction fills all, or takes back under the same
-- lock. From here to its end nobody else appends to this log: take it before other rows. With a count of 0 it only waits
-- for that.
create or replace function semmem.advance(p_tenant text, p_kind text, p_id text, p_count bigint default 1) returns bigint
language plpgsql as $$
declare
    first bigint;
begin
    insert into semmem.heads as h (tenant, scope_kind, scope_id, head) values (p_tenant, p_kind, p_id, p_count)
    on conflict (tenant, scope_kind, scope_id) do update set head = h.head + p_count
    returning h.head - p_count + 1 into first;
    return first;
end $$;
