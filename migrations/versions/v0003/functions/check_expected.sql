-- Ends the statement of a writer that expects a field as it was at another change than its last one.
create or replace function semmem.check_expected(p_tenant text, p_kind text, p_id text, p_expected jsonb) returns void
language plpgsql as $$
declare
    other record;
begin
    select e.key as field, e.value::bigint as seen, coalesce(f.changed_at, 0) as found, f.changed_by as by into other
    from jsonb_each_text(p_expected) e
    left join semmem.fields f
        on (f.tenant, f.scope_kind, f.scope_id, f.field) = (p_tenant, p_kind, p_id, e.key)
    where coalesce(f.changed_at, 0) <> e.value::bigint
    order by e.key limit 1;
    if found then
        raise exception using errcode = 'SM011', message = 'conflict', detail = to_jsonb(other)::text;
    end if;
end $$;
