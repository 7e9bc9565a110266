-- profile: what people pinned, whatever it is, and then the weightiest facts of a view that hold now: what users said of
-- lasting kinds, and what took an earlier one's place; with the time that each was first said. The conditions are those
-- of the indexes facts_pinned and facts_weightiest
with shown as materialized (
    select f.*
    from unnest(:kinds::text[], :ids::text[]) as v (kind, id), lateral (
        (select id, importance, recorded_at, true as pinned from semmem.facts
         where (tenant, scope_kind, scope_id) = (:tenant, v.kind, v.id)
           and superseded_at is null and pinned_at is not null and (valid_to is null or valid_to > :now))
        union all
        (select id, importance, recorded_at, false as pinned from semmem.facts
         where (tenant, scope_kind, scope_id) = (:tenant, v.kind, v.id)
           and superseded_at is null and trust = 'user'
           and (category in ('profile', 'preference', 'relationship', 'decision') or version > 1)
           and pinned_at is null
           and (valid_from is null or valid_from <= :now) and (valid_to is null or valid_to > :now)
         order by importance desc, recorded_at desc, id limit :limit)
    ) f
    order by f.pinned desc, f.importance desc, f.recorded_at desc, f.id limit :limit
)
select f.*, said.first_said, said.first_offset
from shown w join semmem.sourced_facts f on f.tenant = :tenant and f.id = w.id,
lateral (
    select e.occurred_at as first_said, e.utc_offset as first_offset
    from semmem.fact_sources s join semmem.events e on (e.tenant, e.id) = (s.tenant, s.event_id)
    where s.tenant = f.tenant and s.fact_id = f.id order by e.occurred_at, e.seq limit 1
) said
order by w.pinned desc, f.importance desc, f.recorded_at desc, f.id;

-- outdated: what these events said that holds no more, how exactly its end is known, and the version of it that holds;
-- no words of a person's own, which stand in no event
select s.event_id, s.quote, f.id as fact, n.precision, c.id as current
from semmem.fact_sources s
join semmem.facts f on (f.tenant, f.id) = (s.tenant, s.fact_id) and f.superseded_at is not null
    and f.made is distinct from 'corrected'
left join semmem.facts n on (n.tenant, n.scope_kind, n.scope_id, n.thread, n.version, n.valid_from)
    = (f.tenant, f.scope_kind, f.scope_id, f.thread, f.version + 1, f.valid_to)
left join semmem.facts c on (c.tenant, c.scope_kind, c.scope_id, c.thread)
    = (f.tenant, f.scope_kind, f.scope_id, f.thread) and c.superseded_at is null
where s.tenant = :tenant and s.event_id = any (:events::uuid[])
order by s.event_id, f.recorded_at, f.id;

-- of_subjects: the newest current facts about these subjects
select f.id
from unnest(:kinds::text[], :ids::text[]) as v (kind, id), lateral (
    select id, subject, superseded_at from semmem.facts
    where (tenant, scope_kind, scope_id) = (:tenant, v.kind, v.id)
    order by recorded_at desc, id desc limit :newest
) f
where f.superseded_at is null and f.subject = any (:subjects::text[]) limit :limit;
