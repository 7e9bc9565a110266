-- begin: a task with those who take part
select semmem.begin_workspace(:tenant, :kind, :id, :now, :agent, :task, :roster);

-- end: of the task that lasts
select semmem.end_workspace(:tenant, :kind, :id, :now, :agent, :status);

-- workspace: the task that was begun last
select * from semmem.workspaces where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- roster: who takes part, by name
select agent, work_role as role, status, coalesce(detail, '') as detail, told_at, until
from semmem.roster where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)
order by agent;

-- role: an agent's in the work
select work_role as role from semmem.roster where (tenant, scope_kind, scope_id, agent) = (:tenant, :kind, :id, :agent);

-- status: what an agent says of its work
select semmem.tell_status(:tenant, :kind, :id, :now, :agent, :role, :status, :detail, :until);

-- clear_workspace: with the place
delete from semmem.workspaces where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- clear_roster: with the place
delete from semmem.roster where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- clear_questions: with the place
delete from semmem.questions where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- drop_statuses: what an agent has said of its work, or all have before a moment
update semmem.roster set status = null, detail = null, told_at = null, until = null
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)
  and (:agent::text is null or agent = :agent) and (:before::timestamptz is null or told_at < :before);

-- drop_questions: what an agent has asked, or all have before a moment
delete from semmem.questions
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)
  and (:agent::text is null or agent = :agent) and (:before::timestamptz is null or asked_at < :before)
returning id;

-- drop_answers: they are in the words of the questions
delete from semmem.entries
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and kind = 'answer' and items && :questions::uuid[];

-- unname_answers: an agent that answered what stays is named there no more
update semmem.questions set answered_by = null
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and answered_by = :agent
  and (:before::timestamptz is null or answered_at < :before);
