-- The SHA-256 of a scope's state at a position: of each piece that held there, with all that is known of it.
create or replace function semmem.state_digest(p_tenant text, p_kind text, p_id text, p_position bigint) returns bytea
language plpgsql stable as $$
begin
    return (
        select sha256(coalesce(string_agg(sha256(convert_to(
            jsonb_build_array(
                s.field, s.piece, s.from_position, s.shape, s.value, s.confidence, s.agent,
                extract(epoch from s.told_at), extract(epoch from s.recorded_at))::text,
            'UTF8')), ''::bytea order by s.field, s.piece), ''::bytea))
        from semmem.state s
        where (s.tenant, s.scope_kind, s.scope_id) = (p_tenant, p_kind, p_id)
          and s.from_position <= p_position and (s.to_position is null or s.to_position > p_position));
end $$;
