-- add_dead_letter: what could not be extracted, or was refused
insert into semmem.dead_letters (tenant, scope_kind, scope_id, id, stage, reason, detail, event_ids, recorded_at)
values (:tenant, :kind, :id, :letter, :stage, :reason, :detail, :events, :now);

-- dead_letters: newest first, below one of them; replayed ones only on request
select * from semmem.dead_letters
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and (:replayed or replayed_at is null)
  and (:before::uuid is null or (recorded_at, id) < (
    select c.recorded_at, c.id from semmem.dead_letters c
    where (c.tenant, c.scope_kind, c.scope_id, c.id) = (:tenant, :kind, :id, :before)
  ))
order by recorded_at desc, id desc limit :limit;

-- take_dead_letters: marks them replayed and tells whose events have to wait again
update semmem.dead_letters set replayed_at = :now
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and replayed_at is null
  and (:letters::uuid[] is null or id = any (:letters))
returning id, stage, event_ids;

-- add_audit: who changed what, by ids and counts
insert into semmem.audit (
    tenant, scope_kind, scope_id, action, actor, item_ids, calls, prompt_tokens, completion_tokens, at)
values (:tenant, :kind, :id, :action, :actor, :items, :calls, :prompt_tokens, :completion_tokens, :now);

-- usage: what extraction has cost in a scope
select coalesce(sum(calls), 0)::bigint as calls, coalesce(sum(prompt_tokens), 0)::bigint as prompt_tokens,
       coalesce(sum(completion_tokens), 0)::bigint as completion_tokens
from semmem.audit where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);
