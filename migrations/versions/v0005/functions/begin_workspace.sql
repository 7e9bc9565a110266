-- Begins a task in a scope, with those who take part and their roles, or changes who they are while it lasts. Begun again
-- as it is, or without naming anybody, nothing happens. The answer is the log's last position.
create or replace function semmem.begin_workspace(
    p_tenant text, p_kind text, p_id text, p_now timestamptz, p_agent text, p_task text, p_roster jsonb
) returns bigint
language plpgsql as $$
declare
    here bigint;
    standing semmem.workspaces;
    lasts boolean;
begin
    insert into semmem.scopes (tenant, scope_kind, scope_id) values (p_tenant, p_kind, p_id) on conflict do nothing;
    here := semmem.advance(p_tenant, p_kind, p_id);
    select * into standing from semmem.workspaces w
    where (w.tenant, w.scope_kind, w.scope_id) = (p_tenant, p_kind, p_id);
    lasts := found and standing.ended_at is null;
    if lasts and standing.task <> p_task then
        raise exception using errcode = 'SM021', message = 'another task lasts';
    end if;
    if lasts and (p_roster = '{}' or p_roster = (
        select coalesce(jsonb_object_agg(r.agent, r.work_role), '{}') from semmem.roster r
        where (r.tenant, r.scope_kind, r.scope_id) = (p_tenant, p_kind, p_id) and r.invited))
    then
        perform semmem.advance(p_tenant, p_kind, p_id, -1);
        return here - 1;
    end if;

    delete from semmem.roster r
    where (r.tenant, r.scope_kind, r.scope_id) = (p_tenant, p_kind, p_id)
      and not (lasts and p_roster ? r.agent);
    insert into semmem.roster (tenant, scope_kind, scope_id, agent, work_role, invited)
    select p_tenant, p_kind, p_id, e.key, e.value, true from jsonb_each_text(p_roster) e
    on conflict (tenant, scope_kind, scope_id, agent) do update set work_role = excluded.work_role, invited = true;
    if not lasts then
        insert into semmem.workspaces (tenant, scope_kind, scope_id, task, position, begun_at, begun_by)
        values (p_tenant, p_kind, p_id, p_task, here, p_now, p_agent)
        on conflict (tenant, scope_kind, scope_id) do update
        set task = excluded.task, position = excluded.position, begun_at = excluded.begun_at,
            begun_by = excluded.begun_by, ended_at = null, status = null;
    end if;
    insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, agent, subject, at)
    values (p_tenant, p_kind, p_id, here, 'begun', p_agent, p_task, p_now);
    return here;
end $$;
