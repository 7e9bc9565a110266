-- remember: stores, deduplicates and queues in one round trip; its commit is the acknowledgement
with done as materialized (
    select id, status, seq, epoch, position
    from semmem.append(
        p_tenant => :tenant, p_kind => :kind, p_id => :id, p_now => :now, p_window => :window,
        p_extract_after => :extract_after, p_events => :events)
)
select d.*, (select zone from semmem.scope_settings where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)) as zone
from done d;

-- forgotten_at: when all of the scope was last forgotten
select max(at) from semmem.entries
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and kind = 'forgotten' and detail @> '{"everything": true}';

-- hurry: does now what waits to be extracted together with more; a job that failed keeps its pause
update semmem.jobs set starts_at = now()
where id in (
    select j.id from semmem.jobs j
    where j.key = any (array(
        select semmem.job_key('consolidate', :tenant, v.kind, v.id)
        from unnest(:kinds::text[], :ids::text[]) as v (kind, id)
    )) and j.waits and j.attempts = 0 and j.starts_at > now()
    for update skip locked
);

-- states: the epoch and the newest event that a cached list must have to count, and whether the model holds up extraction:
-- events wait for it, and it keeps failing, or a worker that lives says that it does not answer
select s.tenant, s.scope_kind, s.scope_id, s.epoch, coalesce(n.seq, 0) as newest, n.id as newest_id,
       (
           semmem.is_failing('consolidate', s.tenant, s.scope_kind, s.scope_id)
           or exists (select from semmem.workers where beat_at > now() - lease and 'llm' = any (silent))
       ) and exists (
           select from semmem.events e
           where (e.tenant, e.scope_kind, e.scope_id) = (s.tenant, s.scope_kind, s.scope_id) and e.consolidated_at is null
       ) as stalled
from semmem.scopes s
left join lateral (
    select e.seq, e.id from semmem.events e
    where (e.tenant, e.scope_kind, e.scope_id) = (s.tenant, s.scope_kind, s.scope_id) order by e.seq desc limit 1
) n on true
where s.tenant = :tenant and (s.scope_kind, s.scope_id) in (select * from unnest(:kinds::text[], :ids::text[]));

-- recent: the recent tier, when Redis does not know it
select * from semmem.events
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)
order by seq desc limit :limit;

-- history: what one agent or session saw, newest first
select * from semmem.events
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)
  and (:agent::text is null or agent = :agent or :agent = any (witnesses))
  and (:session::text is null or session = :session)
  and (:before::bigint is null or seq < :before)
order by seq desc limit :limit;

-- of_session: what was said last in one session, newest first
select * from semmem.events
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and session = :session and seq <= :through
order by seq desc limit :limit;

-- news: newest first, without an agent's own words and what weighs less
select * from semmem.events
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and seq <= :through and importance >= :least
  and (agent is distinct from :agent::text or role <> 'assistant')
order by seq desc limit :limit;

-- hydrate: rows of ids that an index returned, and whether all that they say was superseded or corrected
select e.*, (
    select bool_and(f.superseded_at is not null or f.made is not distinct from 'corrected')
    from semmem.fact_sources s join semmem.facts f on f.tenant = s.tenant and f.id = s.fact_id
    where s.tenant = e.tenant and s.event_id = e.id
) as outdated
from semmem.events e where e.tenant = :tenant and e.id = any (:events::uuid[]);

-- get: rows of ids; foreign and forgotten ids yield none
select * from semmem.events where tenant = :tenant and id = any (:events::uuid[]);

-- export: every event of a scope in order, page by page
select * from semmem.events
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and seq > :after
order by seq limit :limit;

-- unindexed: events that recall cannot find yet, oldest first, as many as hold :most_bytes; one at least
select * from (
    select e.*, sum(octet_length(content)) over (order by seq) - octet_length(content) as bytes_before
    from (
        select * from semmem.events
        where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and indexed_at is null
        order by seq limit :limit
    ) e
) e
where bytes_before < :most_bytes
order by seq;

-- unconsolidated: events that no fact has been sought in, oldest first
select * from semmem.events
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and consolidated_at is null and seq > :after
order by seq limit :limit;

-- lock_scope: taken first by whoever changes a scope's rows, so that they take turns and never wait for each other
select epoch from semmem.scopes where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) for no key update;

-- make_stale: what was read under the epoch before is not written any more, and cached entries grow stale
update semmem.scopes set epoch = epoch + 1 where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- lock_unindexed: which of these still wait, so that two workers do not index one event twice, and whose they are by now
select id, agent from semmem.events
where tenant = :tenant and id = any (:events::uuid[]) and indexed_at is null
order by seq for update;

-- lock_unconsolidated: which of these still wait; fewer than asked for means that somebody else did it
select id from semmem.events
where tenant = :tenant and id = any (:events::uuid[]) and consolidated_at is null
order by seq for update;

-- mark_indexed: recall can find these now
update semmem.events set indexed_at = :now where tenant = :tenant and id = any (:events::uuid[]);

-- mark_consolidated: no fact needs to be sought in these again
update semmem.events set consolidated_at = :now where tenant = :tenant and id = any (:events::uuid[]);

-- mark_unconsolidated: a replayed dead letter's events wait again
update semmem.events set consolidated_at = null where tenant = :tenant and id = any (:events::uuid[]);

-- waiting: whether a view has unfinished work: to index, to consolidate, to mirror, to embed, to erase. Without :facts
-- only recall matters, so only indexing does, and what no mirror or embedder holds up that keeps failing: pgvector and
-- the words answer then. What waits for another store than these :stores is others' to do
with view as (select * from unnest(:kinds::text[], :ids::text[]) as v (kind, id))
select exists (
    select from view v, semmem.events e
    where (e.tenant, e.scope_kind, e.scope_id) = (:tenant, v.kind, v.id)
      and (e.indexed_at is null or :facts and e.consolidated_at is null)
) or exists (
    select from view v, semmem.facts f
    where (f.tenant, f.scope_kind, f.scope_id) = (:tenant, v.kind, v.id) and f.indexed_at is null
) or 'qdrant' = any (:stores::text[]) and exists (
    select from view v
    where (:facts or not semmem.is_failing('mirror', :tenant, v.kind, v.id)) and exists (
        select from semmem.index_work where (tenant, scope_kind, scope_id) = (:tenant, v.kind, v.id))
) or exists (
    select from view v
    where (:facts or not semmem.is_failing('embed', :tenant, v.kind, v.id)) and exists (
        select from semmem.vectors
        where (tenant, scope_kind, scope_id) = (:tenant, v.kind, v.id) and missing = 'waits')
) or :facts and exists (
    select from view v, semmem.receipt_stores r
    where (r.tenant, r.scope_kind, r.scope_id) = (:tenant, v.kind, v.id)
      and r.store = any (:stores::text[]) and r.done_at is null
) or :facts and exists (
    select from view v, semmem.summaries m
    where (m.tenant, m.scope_kind, m.scope_id) = (:tenant, v.kind, v.id) and m.text is null
);

-- count_waiting: how much of a view's work is unfinished, for progress
select count(*) filter (where e.indexed_at is null) as unindexed,
       count(*) filter (where e.consolidated_at is null) as unconsolidated
from unnest(:kinds::text[], :ids::text[]) as v (kind, id), semmem.events e
where (e.tenant, e.scope_kind, e.scope_id) = (:tenant, v.kind, v.id)
  and (e.indexed_at is null or e.consolidated_at is null);
