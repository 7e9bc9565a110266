-- Ends the task of a scope, and with it the questions that nobody has answered; the answer is the entry's position.
create or replace function semmem.end_workspace(
    p_tenant text, p_kind text, p_id text, p_now timestamptz, p_agent text, p_status text
) returns bigint
language plpgsql as $$
declare
    here bigint;
begin
    here := semmem.advance(p_tenant, p_kind, p_id);
    update semmem.workspaces w set ended_at = p_now, status = p_status
    where (w.tenant, w.scope_kind, w.scope_id) = (p_tenant, p_kind, p_id) and w.ended_at is null;
    if not found then
        raise exception using errcode = 'SM022', message = 'no task lasts';
    end if;
    update semmem.questions q set closed_at = p_now
    where (q.tenant, q.scope_kind, q.scope_id) = (p_tenant, p_kind, p_id) and q.choice is null and q.closed_at is null;
    insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, agent, subject, at)
    values (p_tenant, p_kind, p_id, here, 'ended', p_agent, p_status, p_now);
    return here;
end $$;
