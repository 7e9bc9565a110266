-- Lets a field hold this value and nothing of before, whatever its reducer.
create or replace function semmem.fill_field(
    p_field semmem.fields, p_here bigint, p_agent text, p_now timestamptz, p_value jsonb
) returns void
language plpgsql as $$
declare
    begun bigint;
begin
    update semmem.state s set to_position = p_here
    where (s.tenant, s.scope_kind, s.scope_id, s.field)
        = (p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field) and s.to_position is null;
    insert into semmem.state (
        tenant, scope_kind, scope_id, field, piece, from_position, shape, value, confidence, agent, told_at, recorded_at)
    select p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field, new.piece, p_here, p_field.shape,
           new.value, 1, p_agent, p_now, p_now
    from semmem.pieces_of(p_field.shape, p_here, p_value, p_field.keep) as new;
    get diagnostics begun = row_count;
    perform semmem.mark_changed(p_field, p_here, p_agent, begun);
end $$;
