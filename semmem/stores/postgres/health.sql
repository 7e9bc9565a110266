-- beat: a worker lives, what it has, and what does not answer it; times are the database's, so that hosts need not agree on theirs
with dead as (
    delete from semmem.workers where beat_at < now() - interval '1 day'
)
insert into semmem.workers (id, lease, silent, stores) values (:worker, :lease, :silent, :stores)
on conflict (id) do update
set beat_at = now(), lease = excluded.lease, silent = excluded.silent, stores = excluded.stores;

-- leave: a worker that stops in good order
delete from semmem.workers where id = :worker;

-- workers: how many live, how long ago any was heard of, and of those that live: what does not answer some, what they have
select count(*) filter (where beat_at > now() - lease) as workers, now() - max(beat_at) as last_beat,
       array(select distinct unnest(silent) from semmem.workers where beat_at > now() - lease order by 1) as silent,
       array(select distinct unnest(stores) from semmem.workers where beat_at > now() - lease order by 1) as stores
from semmem.workers;

-- waiting: in all tenants, by counts and times
select count(*) filter (where indexed_at is null) as unindexed,
       min(recorded_at) filter (where indexed_at is null) as oldest_unindexed,
       count(*) filter (where consolidated_at is null) as unextracted,
       min(recorded_at) filter (where consolidated_at is null) as oldest_unextracted,
       (select count(*) from semmem.vectors where missing = 'waits') as unembedded
from semmem.events
where indexed_at is null or consolidated_at is null;

-- dead_letters: those that wait for a replay, by stage
select stage, count(*) from semmem.dead_letters where replayed_at is null group by stage order by stage;

-- backlog: what waits in a view, and since when
with view as (select * from unnest(:kinds::text[], :ids::text[]) as v (kind, id))
select count(*) filter (where e.indexed_at is null) as unindexed,
       min(e.recorded_at) filter (where e.indexed_at is null) as oldest_unindexed,
       count(*) filter (where e.consolidated_at is null) as unextracted,
       min(e.recorded_at) filter (where e.consolidated_at is null) as oldest_unextracted,
       (select count(*) from view v, semmem.vectors x
        where (x.tenant, x.scope_kind, x.scope_id) = (:tenant, v.kind, v.id) and x.missing = 'waits') as unembedded,
       (select count(*) from semmem.workers where beat_at > now() - lease) as workers
from view v, semmem.events e
where (e.tenant, e.scope_kind, e.scope_id) = (:tenant, v.kind, v.id)
  and (e.indexed_at is null or e.consolidated_at is null);
