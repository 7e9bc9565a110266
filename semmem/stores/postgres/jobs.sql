-- release: a finished job gives up its key
update semmem.jobs set key = null where id = :job;

-- count_failure: a try that failed at what the job's batch holds; pgqueuer's own count is of all tries, outages among them
update semmem.pgqueuer set headers = coalesce(headers, '{}') || jsonb_build_object('failures', :failures::int)
where id = :job;

-- hurry: what failed while its store was away does not wait any longer than the store was
update semmem.pgqueuer set execute_after = now()
where entrypoint = :entrypoint and status = 'queued' and execute_after > now();

-- await_writers: those that counted on that job, so that a last look sees their rows
select pg_advisory_xact_lock(semmem.job_lock(:entrypoint, :tenant, :kind, :id));

-- queue: unless one waits or runs
select semmem.queue(:entrypoint, :tenant, :kind, :id, :after);

-- take_back: one that waits
delete from semmem.jobs
where (tenant, scope_kind, scope_id, entrypoint) = (:tenant, :kind, :id, :entrypoint) and waits and key is not null;

-- has_index_work: whether the index job has something left
select exists (
    select from semmem.events where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and indexed_at is null
) or exists (
    select from semmem.facts where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and indexed_at is null
);

-- has_mirror_work: whether Qdrant has something left to follow
select exists (
    select from semmem.index_work where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)
) or exists (
    select from semmem.receipt_stores
    where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and store = 'qdrant' and done_at is null
);

-- has_cache_work: whether this very Redis still holds what was forgotten
select exists (
    select from semmem.receipt_stores
    where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and store = :store and done_at is null
);

-- has_erase_work: whether a summary waits to be made again, of what was not forgotten, or a record's or an event's time is over
select exists (
    select from semmem.summaries where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and recorded_at is null
) or exists (
    select from semmem.records where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and expires_at <= :now
) or exists (
    select from semmem.scope_settings where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and due_at <= :now
);

-- has_embed_work: whether a vector waits for the embedder
select exists (
    select from semmem.vectors where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and missing = 'waits'
);

-- has_consolidate_work: whether the consolidate job has something left
select exists (
    select from semmem.events where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and consolidated_at is null
);

-- sweep: scopes with work left, whose jobs may have been lost, in one round trip; addresses only
select 'index' as work, tenant, scope_kind, scope_id from semmem.events where indexed_at is null
union select 'index', tenant, scope_kind, scope_id from semmem.facts where indexed_at is null
union select 'embed', tenant, scope_kind, scope_id from semmem.vectors where missing = 'waits'
union select 'mirror', tenant, scope_kind, scope_id from semmem.index_work
union select 'mirror', tenant, scope_kind, scope_id from semmem.receipt_stores where store = 'qdrant' and done_at is null
union select 'cache', tenant, scope_kind, scope_id from semmem.receipt_stores where store = :cache and done_at is null
union select 'consolidate', tenant, scope_kind, scope_id from semmem.events where consolidated_at is null
union select 'erase', tenant, scope_kind, scope_id from semmem.summaries where recorded_at is null
union select 'erase', tenant, scope_kind, scope_id from semmem.records where expires_at <= :now
union select 'erase', tenant, scope_kind, scope_id from semmem.scope_settings where due_at <= :now;

-- waiting: how many events a worker that stops leaves to the next one
select count(*) filter (where indexed_at is null) as index, count(*) filter (where consolidated_at is null) as facts
from semmem.events where indexed_at is null or consolidated_at is null;
