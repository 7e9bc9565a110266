-- What an agent says of its work, and until when it counts; the answer is the entry's position.
create or replace function semmem.tell_status(
    p_tenant text, p_kind text, p_id text, p_now timestamptz, p_agent text, p_role text, p_status text, p_detail text,
    p_until timestamptz
) returns bigint
language plpgsql as $$
declare
    here bigint;
begin
    insert into semmem.scopes (tenant, scope_kind, scope_id) values (p_tenant, p_kind, p_id) on conflict do nothing;
    here := semmem.advance(p_tenant, p_kind, p_id);
    perform semmem.take_seat(p_tenant, p_kind, p_id, p_agent, p_role);
    update semmem.roster r set status = p_status, detail = p_detail, told_at = p_now, until = p_until
    where (r.tenant, r.scope_kind, r.scope_id, r.agent) = (p_tenant, p_kind, p_id, p_agent);
    insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, agent, subject, detail, at)
    values (p_tenant, p_kind, p_id, here, 'status', p_agent, p_status,
            jsonb_build_object('detail', p_detail, 'until', p_until), p_now);
    return here;
end $$;
