-- Makes a change of the state an entry of the scope's log, at the position that was taken for it; where no field changed,
-- gives the position back. The answer is the log's last position.
create or replace function semmem.log_change(
    p_tenant text, p_kind text, p_id text, p_here bigint, p_entry text, p_agent text, p_subject text, p_fields text[],
    p_detail jsonb, p_now timestamptz
) returns bigint
language plpgsql as $$
begin
    if cardinality(p_fields) = 0 then
        perform semmem.advance(p_tenant, p_kind, p_id, -1);
        return p_here - 1;
    end if;
    insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, agent, subject, fields, detail, at)
    values (p_tenant, p_kind, p_id, p_here, p_entry, p_agent, p_subject, p_fields, p_detail, p_now);
    return p_here;
end $$;
