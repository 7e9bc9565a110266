-- insert: a new fact or a new version with its sources; nothing where the same statement is current already
with inserted as (
    insert into semmem.facts (
        tenant, scope_kind, scope_id, id, thread, version, subject, text, statement_hash, category, confidence,
        importance, valid_from, valid_to, precision, trust, said_at, utc_offset, recorded_at, superseded_at, indexed_at)
    values (
        :tenant, :kind, :id, :fact, :thread, :version, :subject, :text, :hash, :category, :confidence,
        :importance, :valid_from, :valid_to, :precision, :trust, :said_at, :utc_offset, :recorded_at, :superseded_at,
        :recorded_at)
    on conflict (tenant, scope_kind, scope_id, statement_hash) where superseded_at is null do nothing
    returning id
), sourced as (
    insert into semmem.fact_sources (tenant, scope_kind, scope_id, fact_id, event_id, quote)
    select :tenant, :kind, :id, id, event_id, quote
    from inserted, unnest(:events::uuid[], :quotes::text[]) as s (event_id, quote)
    on conflict do nothing
)
select id from inserted;

-- with_hash: the current fact that already makes a statement
select id from semmem.facts
where (tenant, scope_kind, scope_id, statement_hash) = (:tenant, :kind, :id, :hash) and superseded_at is null;

-- supersede: closes a version, if it still is the current one
update semmem.facts
set superseded_at = :now, valid_to = least(valid_to, greatest(:ended::timestamptz, valid_from))
where tenant = :tenant and id = :fact and version = :version and superseded_at is null;

-- confirm: a statement was heard again; it is trusted as the best that made it
update semmem.facts
set confidence = greatest(confidence, :confidence), importance = greatest(importance, :importance),
    said_at = greatest(said_at, :said_at),
    trust = (:ranks::text[])[greatest(array_position(:ranks, trust), array_position(:ranks, :trust))]
where tenant = :tenant and id = :fact and superseded_at is null;

-- add_sources: the events a fact rests on, with the quotes
insert into semmem.fact_sources as s (tenant, scope_kind, scope_id, fact_id, event_id, quote, own_words)
select :tenant, :kind, :id, :fact, event_id, quote, :own_words
from unnest(:events::uuid[], :quotes::text[]) as n (event_id, quote)
on conflict (tenant, fact_id, event_id) do update set own_words = true where excluded.own_words and not s.own_words;

-- hydrate: rows of ids that an index returned; foreign and forgotten ids yield none
select * from semmem.sourced_facts f
where f.tenant = :tenant and f.id = any (:facts::uuid[]);

-- with_hashes: whoever makes one of these statements, superseded or not
select * from semmem.sourced_facts f
where (f.tenant, f.scope_kind, f.scope_id) = (:tenant, :kind, :id) and f.statement_hash = any (:hashes::bytea[])
order by f.superseded_at is not null, f.recorded_at desc;

-- subjects: whom and what a scope's facts are about, as it was written
select distinct subject from semmem.facts where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- list: current facts, newest first, below one of them
select * from semmem.sourced_facts f
where (f.tenant, f.scope_kind, f.scope_id) = (:tenant, :kind, :id)
  and (:superseded or f.superseded_at is null)
  and (:category::text is null or f.category = :category)
  and (:subjects::text[] is null or f.subject = any (:subjects))
  and (:before::uuid is null or (f.recorded_at, f.id) < (
    select c.recorded_at, c.id from semmem.facts c
    where (c.tenant, c.scope_kind, c.scope_id, c.id) = (:tenant, :kind, :id, :before)
  ))
order by f.recorded_at desc, f.id desc limit :limit;

-- timeline: all versions of a fact, oldest first
select * from semmem.sourced_facts f
where f.tenant = :tenant and (f.scope_kind, f.scope_id) = (:kind, :id)
  and f.thread = (select thread from semmem.facts where tenant = :tenant and id = :fact)
order by f.version;

-- summaries: the newest summaries of a view, without the events they rest on, which may be thousands. `offset 0` has each
-- place sought by itself: joined freely, all of the tenant's might be read
select m.*, null::uuid[] as event_ids
from unnest(:kinds::text[], :ids::text[]) as v (kind, id), lateral (
    select * from semmem.summaries where (tenant, scope_kind, scope_id) = (:tenant, v.kind, v.id) offset 0
) m
where m.text is not null
order by m.session is not null, m.through_seq desc limit :limit;

-- list_summaries: one scope's, in the order of the summary tier, below one of them
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

-- summary_texts: the scope's own summary and those of some sessions, however old; null where it has to be made again
select session, text from semmem.summaries
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and (session is null or session = any (:sessions::text[]));

-- put_summary: the rolling text of a session or scope, one row that counts its versions. One that is stale stays so
-- until it is made again of all it rests on, for a batch that was read before holds less or more
insert into semmem.summaries as m (
    tenant, scope_kind, scope_id, id, session, text, version, through_seq, recorded_at)
values (:tenant, :kind, :id, :summary, :session, :text, 1, :through, :recorded_at)
on conflict (tenant, scope_kind, scope_id, session) do update
set text = case when m.text is null then null else excluded.text end, version = m.version + 1,
    through_seq = greatest(m.through_seq, excluded.through_seq),
    recorded_at = case when m.text is null then null else excluded.recorded_at end
returning id;

-- add_summary_sources: the events a summary rests on
insert into semmem.summary_sources (tenant, scope_kind, scope_id, summary_id, event_id)
select :tenant, :kind, :id, :summary, unnest(:events::uuid[])
on conflict do nothing;

-- stale_summaries: those to make again of what they rest on
select id, session from semmem.summaries
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and recorded_at is null order by session nulls first;

-- summary_statements: the weightiest current facts that rest on a summary's events, in the order they were said
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

-- summary_events: the newest events that a summary rests on, oldest first
select * from (
    select e.* from semmem.summary_sources m join semmem.events e on e.tenant = m.tenant and e.id = m.event_id
    where m.tenant = :tenant and m.summary_id = :summary order by e.seq desc limit :limit
) newest order by seq;

-- renew_summary: what it says now
update semmem.summaries set text = :text, version = version + 1, recorded_at = :now
where tenant = :tenant and id = :summary;

-- drop_summary: there is nothing left to say
delete from semmem.summaries where tenant = :tenant and id = :summary;

-- unindexed: imported facts that recall cannot find yet, with where the first event they rest on was said
select f.*, e.session, e.agent from semmem.sourced_facts f left join lateral (
    select e.session, e.agent
    from semmem.fact_sources s join semmem.events e on (e.tenant, e.id) = (s.tenant, s.event_id)
    where s.tenant = f.tenant and s.fact_id = f.id order by e.seq limit 1
) e on true
where (f.tenant, f.scope_kind, f.scope_id) = (:tenant, :kind, :id) and f.indexed_at is null
order by f.recorded_at, f.id limit :limit;

-- lock_unindexed: which of these still wait
select id from semmem.facts where tenant = :tenant and id = any (:facts::uuid[]) and indexed_at is null
order by id for update;

-- mark_indexed: recall can find these now
update semmem.facts set indexed_at = :now where tenant = :tenant and id = any (:facts::uuid[]);
