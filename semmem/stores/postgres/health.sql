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

-- log: from where to where the scope's log reaches
select head, floor from semmem.heads where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- fields: of the state, that a role may read: what each holds now, and how often agents met in it
select f.field, coalesce(s.pieces, 0) as pieces, coalesce(s.bytes, 0) as bytes,
       coalesce(c.reduced, 0) as conflicts, coalesce(c.refused, 0) as refusals
from semmem.fields f
left join semmem.conflicts c using (tenant, scope_kind, scope_id, field)
left join lateral (
    select count(*) as pieces, sum(octet_length(s.value::text)) as bytes from semmem.state s
    where (s.tenant, s.scope_kind, s.scope_id, s.field) = (:tenant, :kind, :id, f.field) and s.to_position is null
) s on true
where (f.tenant, f.scope_kind, f.scope_id) = (:tenant, :kind, :id) and (f.changed_at > 0 or c.field is not null)
  and (:role::text is null or f.readers is null or :role = any (f.readers))
order by f.field;

-- groups: how far each is, and when the first of its leases ends
select g.name, coalesce(h.head, 0) - g.claimed as behind, count(d.position) filter (where not d.dead) as leased,
       count(d.position) filter (where d.dead) as dead, min(d.leased_until) filter (where not d.dead) as first_ends
from semmem.groups g
left join semmem.heads h using (tenant, scope_kind, scope_id)
left join semmem.deliveries d
    on (d.tenant, d.scope_kind, d.scope_id, d.group_name) = (g.tenant, g.scope_kind, g.scope_id, g.name)
where (g.tenant, g.scope_kind, g.scope_id) = (:tenant, :kind, :id)
group by g.name, g.claimed, h.head order by g.name;

-- dead_letters_here: those of the scope that wait for a replay, by stage
select stage, count(*) from semmem.dead_letters
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and replayed_at is null group by stage order by stage;
