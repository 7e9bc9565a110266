-- Ends the statement of an agent that takes no part in the work, or in another role than it says. Where nobody was named
-- when the work began, or no work was begun, whoever comes is put on the roster.
create or replace function semmem.take_seat(p_tenant text, p_kind text, p_id text, p_agent text, p_role text) returns void
language plpgsql as $$
declare
    seat semmem.roster;
begin
    if exists (
        select from semmem.workspaces w
        where (w.tenant, w.scope_kind, w.scope_id) = (p_tenant, p_kind, p_id) and w.ended_at is not null)
    then
        raise exception using errcode = 'SM022', message = 'no task lasts';
    end if;
    select * into seat from semmem.roster r
    where (r.tenant, r.scope_kind, r.scope_id, r.agent) = (p_tenant, p_kind, p_id, p_agent);
    if found and seat.work_role = coalesce(p_role, seat.work_role) then
        return;
    elsif seat.invited then
        raise exception using errcode = 'SM024', message = 'another role';
    elsif exists (
        select from semmem.roster r where (r.tenant, r.scope_kind, r.scope_id) = (p_tenant, p_kind, p_id) and r.invited)
    then
        raise exception using errcode = 'SM023', message = 'not on the roster';
    elsif (select count(*) from semmem.roster r
           where (r.tenant, r.scope_kind, r.scope_id) = (p_tenant, p_kind, p_id)) >= 1000
    then
        raise exception using errcode = 'SM027', message = 'the roster is full', detail = 'agent';
    end if;
    insert into semmem.roster (tenant, scope_kind, scope_id, agent, work_role, invited)
    values (p_tenant, p_kind, p_id, p_agent, coalesce(p_role, 'assistant'), false)
    on conflict (tenant, scope_kind, scope_id, agent) do update set work_role = excluded.work_role;
end $$;
