-- Reduces a field that is a single value, and answers whether it changed. p_base is what counts where nothing was told.
create or replace function semmem.reduce_single(
    p_field semmem.fields, p_here bigint, p_agent text, p_now timestamptz, p_told_at timestamptz,
    p_confidence double precision, p_value jsonb, p_base jsonb
) returns boolean
language plpgsql as $$
declare
    standing semmem.state;
    base numeric;
    told jsonb := p_value;
begin
    select * into standing from semmem.state s
    where (s.tenant, s.scope_kind, s.scope_id, s.field, s.piece)
        = (p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field, '') and s.to_position is null;

    if p_field.reducer in ('add', 'max', 'min') then
        base := (coalesce(standing.value, p_base) #>> '{}')::numeric;
        case p_field.reducer
            when 'max' then
                if (p_value #>> '{}')::numeric <= base then return false; end if;
            when 'min' then
                if (p_value #>> '{}')::numeric >= base then return false; end if;
            else
                told := to_jsonb(coalesce(base, 0) + (p_value #>> '{}')::numeric);
                if abs((told #>> '{}')::numeric) > 1000000000000000000 then
                    raise exception using errcode = 'SM014', message = 'too large', detail = p_field.field;
                end if;
        end case;
    elsif p_field.reducer = 'best' and p_confidence < standing.confidence
        or p_field.reducer = 'latest' and p_told_at < standing.told_at then
        return false;
    end if;

    update semmem.state s set to_position = p_here
    where (s.tenant, s.scope_kind, s.scope_id, s.field, s.piece)
        = (p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field, '') and s.to_position is null;
    insert into semmem.state (
        tenant, scope_kind, scope_id, field, piece, from_position, shape, value, confidence, agent, told_at, recorded_at)
    values (p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field, '', p_here, 'single', told,
            p_confidence, p_agent, p_told_at, p_now);
    return true;
end $$;
