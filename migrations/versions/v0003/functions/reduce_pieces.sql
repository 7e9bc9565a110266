-- Reduces a field that is kept in pieces: items of a list, keys of a mapping, members of a set. The answer is how many
-- pieces it has gained, or null where it did not change.
create or replace function semmem.reduce_pieces(
    p_field semmem.fields, p_here bigint, p_agent text, p_now timestamptz, p_told_at timestamptz,
    p_confidence double precision, p_value jsonb
) returns bigint
language plpgsql as $$
declare
    ended bigint := 0;
    begun bigint;
begin
    if p_field.shape = 'keys' then
        update semmem.state s set to_position = p_here
        where (s.tenant, s.scope_kind, s.scope_id, s.field)
            = (p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field)
          and s.piece = any (array(select jsonb_object_keys(p_value))) and s.to_position is null;
        get diagnostics ended = row_count;
    end if;

    insert into semmem.state (
        tenant, scope_kind, scope_id, field, piece, from_position, shape, value, confidence, agent, told_at, recorded_at)
    select p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field, new.piece, p_here, p_field.shape,
           new.value, p_confidence, p_agent, p_told_at, p_now
    from semmem.pieces_of(p_field.shape, p_here, p_value, p_field.keep) as new
    on conflict (tenant, scope_kind, scope_id, field, piece) where to_position is null do nothing;
    get diagnostics begun = row_count;

    if p_field.pieces + begun - ended > p_field.keep then
        update semmem.state s set to_position = p_here
        where (s.tenant, s.scope_kind, s.scope_id, s.field)
            = (p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field)
          and s.to_position is null and s.piece = any (array(
            select o.piece from semmem.state o
            where (o.tenant, o.scope_kind, o.scope_id, o.field)
                = (p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field) and o.to_position is null
            order by o.piece limit p_field.pieces + begun - ended - p_field.keep));
        ended := p_field.pieces + begun - p_field.keep;
    end if;
    if p_field.pieces + begun - ended > 10000 then
        raise exception using errcode = 'SM014', message = 'too many pieces', detail = p_field.field;
    end if;
    return case when begun + ended > 0 then begun - ended end;
end $$;
