-- ask: or find the one that was asked before
select * from semmem.ask_question(
    :tenant, :kind, :id, :now, :agent, :role, :question, :key, :of, :text, :options::text[], :until);

-- answer: once
select semmem.answer_question(:tenant, :kind, :id, :now, :agent, :question, :choice);

-- receive: how a question ended, for the agent that asked it
select * from semmem.receive_answer(:tenant, :kind, :id, :now, :question);

-- get: a question, and the log's last position
select q.*, h.head from semmem.questions q
join semmem.heads h on (h.tenant, h.scope_kind, h.scope_id) = (q.tenant, q.scope_kind, q.scope_id)
where (q.tenant, q.scope_kind, q.scope_id, q.id) = (:tenant, :kind, :id, :question);

-- find: newest first; those that wait for an answer, or all
select * from semmem.questions
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)
  and (not :open or choice is null and closed_at is null and until > :now)
  and (:of::text is null or asked = :of) and (:before::bigint is null or position < :before)
order by position desc limit :limit;
