-- Counts a conflict in each of these fields, in the scope that the transaction has entered. A field that is being forgotten
-- is waited for, and not counted.
create or replace function semmem.count_conflicts(
    p_tenant text, p_kind text, p_id text, p_fields text[], p_refused boolean
) returns void
language sql as $$
    with met as materialized (
        select f.field from semmem.fields f
        where (f.tenant, f.scope_kind, f.scope_id) = (p_tenant, p_kind, p_id) and f.field = any (p_fields)
        order by f.field for key share
    )
    insert into semmem.conflicts as c (tenant, scope_kind, scope_id, field, reduced, refused)
    select p_tenant, p_kind, p_id, m.field, (not p_refused)::integer, p_refused::integer from met m
    on conflict (tenant, scope_kind, scope_id, field) do update
    set reduced = c.reduced + excluded.reduced, refused = c.refused + excluded.refused
$$;
