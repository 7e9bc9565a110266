-- newest: the newest summaries of a view, without the events they rest on, which may be thousands. `offset 0` has each
-- place sought by itself: joined freely, all of the tenant's might be read
select m.*, null::uuid[] as event_ids
from unnest(:kinds::text[], :ids::text[]) as v (kind, id), lateral (
    select * from semmem.summaries where (tenant, scope_kind, scope_id) = (:tenant, v.kind, v.id) offset 0
) m
where m.text is not null
order by m.session is not null, m.through_seq desc limit :limit;

-- list: one scope's, in the order of the summary tier, below one of them
select m.*, s.event_ids
from semmem.summaries m,
lateral (
    select array_agg(event_id order by event_id) as event_ids
    from semmem.summary_sources where tenant = m.tenant and summary_id = m.id
) s
where (m.tenant, m.scope_kind, m.scope_id) = (:tenant, :kind, :id) and m.text is not null
  and (:before::uuid is null or (m.session is null, m.through_seq, m.id) < (
    select c.session is null, c.through_seq, c.id from semmem.summaries c
    where (c.tenant, c.scope_kind, c.scope_id, c.id) = (:tenant, :kind, :id, :before)
  ))
order by m.session is null desc, m.through_seq desc, m.id desc limit :limit;

-- dates: when the first and the last event were said that summaries cover, in the order they were remembered; each is
-- sought by an index, of a session's by its own
select m.id, first.occurred_at as first_at, first.utc_offset as first_offset,
       last.occurred_at as last_at, last.utc_offset as last_offset
from semmem.summaries m,
lateral (
    (select occurred_at, utc_offset from semmem.events e
     where (e.tenant, e.scope_kind, e.scope_id) = (m.tenant, m.scope_kind, m.scope_id) and m.session is null
     order by e.seq limit 1)
    union all
    (select occurred_at, utc_offset from semmem.events e
     where (e.tenant, e.scope_kind, e.scope_id, e.session) = (m.tenant, m.scope_kind, m.scope_id, m.session)
     order by e.seq limit 1)
) first,
lateral (
    (select occurred_at, utc_offset from semmem.events e
     where (e.tenant, e.scope_kind, e.scope_id) = (m.tenant, m.scope_kind, m.scope_id) and m.session is null
       and e.seq <= m.through_seq
     order by e.seq desc limit 1)
    union all
    (select occurred_at, utc_offset from semmem.events e
     where (e.tenant, e.scope_kind, e.scope_id, e.session) = (m.tenant, m.scope_kind, m.scope_id, m.session)
       and e.seq <= m.through_seq
     order by e.seq desc limit 1)
) last
where m.tenant = :tenant and m.id = any (:summaries::uuid[]);

-- texts: the scope's own summary and those of some sessions, however old; null where it has to be made again
select session, text from semmem.summaries
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and (session is null or session = any (:sessions::text[]));

-- put: the rolling text of a session or scope, one row that counts its versions. One that is stale stays so
-- until it is made again of all it rests on, for a batch that was read before holds less or more
insert into semmem.summaries as m (
    tenant, scope_kind, scope_id, id, session, text, version, through_seq, recorded_at)
values (:tenant, :kind, :id, :summary, :session, :text, 1, :through, :recorded_at)
on conflict (tenant, scope_kind, scope_id, session) do update
set text = case when m.text is null then null else excluded.text end, version = m.version + 1,
    through_seq = greatest(m.through_seq, excluded.through_seq),
    recorded_at = case when m.text is null then null else excluded.recorded_at end
returning id;

-- outdated_texts: those with a line that was drawn as a fact, and holds no more
select t.text from unnest(:texts::text[]) as t (text)
where exists (
    select from (
        select text, statement_hash, superseded_at from semmem.facts
        where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) order by recorded_at desc, id desc limit :newest
    ) f
    where f.superseded_at is not null and translate(f.text, E'\n', ' ') = any (string_to_array(t.text, E'\n'))
      and not exists (
        select from semmem.facts c
        where (c.tenant, c.scope_kind, c.scope_id, c.statement_hash) = (:tenant, :kind, :id, f.statement_hash)
          and c.superseded_at is null
    )
);

-- outdate: summaries that rest on what these facts were drawn from, but for some, are to be made again
update semmem.summaries set text = null, recorded_at = null
where tenant = :tenant and text is not null and id <> all (:besides::uuid[]) and id in (
    select m.summary_id
    from semmem.fact_sources s join semmem.summary_sources m on (m.tenant, m.event_id) = (s.tenant, s.event_id)
    where s.tenant = :tenant and s.fact_id = any (:facts::uuid[])
);

-- add_sources: the events a summary rests on
insert into semmem.summary_sources (tenant, scope_kind, scope_id, summary_id, event_id)
select :tenant, :kind, :id, :summary, unnest(:events::uuid[])
on conflict do nothing;

-- stale: those to make again of what they rest on
select id, session from semmem.summaries
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and recorded_at is null order by session nulls first;

-- statements_of: the weightiest current facts that rest on a summary's events, in the order they were said
select * from (
    select f.subject, f.text, f.importance, f.valid_from, f.valid_to, f.trust, min(e.seq) as seq,
           min(strpos(e.content, s.quote)) as place
    from semmem.summary_sources m
    join semmem.fact_sources s on s.tenant = m.tenant and s.event_id = m.event_id
    join semmem.facts f on f.tenant = s.tenant and f.id = s.fact_id and f.superseded_at is null
    join semmem.events e on e.tenant = s.tenant and e.id = s.event_id
    where m.tenant = :tenant and m.summary_id = :summary
    group by f.id, f.subject, f.text, f.importance, f.valid_from, f.valid_to, f.trust
    order by f.importance desc, seq desc limit :limit
) best order by seq, place;

-- events_of: the newest events that a summary rests on, oldest first; not those whose facts all hold no more
select * from (
    select e.* from semmem.summary_sources m join semmem.events e on e.tenant = m.tenant and e.id = m.event_id
    where m.tenant = :tenant and m.summary_id = :summary
      and not exists (select from semmem.fact_sources s where s.tenant = e.tenant and s.event_id = e.id)
    order by e.seq desc limit :limit
) newest order by seq;

-- renew: what it says now
update semmem.summaries set text = :text, version = version + 1, recorded_at = :now
where tenant = :tenant and id = :summary;

-- drop: there is nothing left to say
delete from semmem.summaries where tenant = :tenant and id = :summary;
