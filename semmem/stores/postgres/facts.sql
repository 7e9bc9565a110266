-- insert: a new fact or a new version with its sources; nothing where the same statement is current already
with inserted as (
    insert into semmem.facts (
        tenant, scope_kind, scope_id, id, thread, version, subject, text, statement_hash, category, confidence,
        importance, valid_from, valid_to, precision, trust, said_at, utc_offset, recorded_at, superseded_at, said_to,
        indexed_at)
    values (
        :tenant, :kind, :id, :fact, :thread, :version, :subject, :text, :hash, :category, :confidence,
        :importance, :valid_from, :valid_to, :precision, :trust, :said_at, :utc_offset, :recorded_at, :superseded_at,
        :said_to, :recorded_at)
    on conflict (tenant, scope_kind, scope_id, statement_hash) where superseded_at is null do nothing
    returning id
), sourced as (
    insert into semmem.fact_sources (tenant, scope_kind, scope_id, fact_id, event_id, quote, dates)
    select :tenant, :kind, :id, id, event_id, quote, event_id = any (:dated_by::uuid[])
    from inserted, unnest(:events::uuid[], :quotes::text[]) as s (event_id, quote)
    on conflict do nothing
)
select id from inserted;

-- with_hash: the current fact that already makes a statement
select id from semmem.facts
where (tenant, scope_kind, scope_id, statement_hash) = (:tenant, :kind, :id, :hash) and superseded_at is null;

-- supersede: closes a version, if it still is the current one; what it said of its own end is kept, as by `end`
update semmem.facts
set superseded_at = :now, valid_to = least(valid_to, greatest(:ended::timestamptz, valid_from)),
    said_to = case when successor is null then valid_to else said_to end, successor = :successor
where tenant = :tenant and id = :fact and version = :version and superseded_at is null;

-- succeed: history gets as its successor whichever fact makes the statement that took its place; the current one, if any
update semmem.facts f set successor = (
    select s.id from semmem.facts s
    where (s.tenant, s.scope_kind, s.scope_id, s.statement_hash) = (:tenant, :kind, :id, n.hash) and s.id <> f.id
    order by s.superseded_at is not null, s.said_at desc, s.recorded_at desc, s.version desc limit 1)
from unnest(:facts::uuid[], :hashes::bytea[]) as n (id, hash)
where f.tenant = :tenant and f.id = n.id;

-- carry_pin: what takes the place of pinned facts is pinned as the first of them was
update semmem.facts f set pinned_at = p.pinned_at, pinned_by = p.pinned_by
from (
    select pinned_at, pinned_by from semmem.facts
    where tenant = :tenant and id = any (:retired::uuid[]) and pinned_at is not null order by pinned_at limit 1
) p
where f.tenant = :tenant and f.id = :fact and f.pinned_at is null;

-- end: until when a current version holds, which is when a plan begins
update semmem.facts
set valid_to = greatest(:ended::timestamptz, valid_from),
    said_to = case when successor is null then valid_to else said_to end, successor = :successor
where tenant = :tenant and id = :fact and superseded_at is null
  and (valid_to is null or valid_to > greatest(:ended::timestamptz, valid_from));

-- confirm: a statement was heard again; it is trusted as the best that made it. What was to end with a plan, and is said
-- after that day, goes on
update semmem.facts
set valid_to = case when said_at < valid_to and valid_to <= :said_at
                    then case when successor is not null and said_to > :said_at then said_to end else valid_to end,
    successor = case when said_at < valid_to and valid_to <= :said_at then null else successor end,
    confidence = greatest(confidence, :confidence), importance = greatest(importance, :importance),
    said_at = greatest(said_at, :said_at),
    trust = (:ranks::text[])[greatest(array_position(:ranks, trust), array_position(:ranks, :trust))]
where tenant = :tenant and id = :fact and superseded_at is null;

-- adopt_dates: what a fact leaves open, as the same statement dates it now; it has them as long as these sources stay.
-- What a person left open stays so
with dated as (
    update semmem.facts
    set valid_from = coalesce(valid_from, :valid_from), precision = coalesce(precision, :precision),
        valid_to = coalesce(valid_to, :valid_to)
    where tenant = :tenant and id = :fact and superseded_at is null and made is distinct from 'corrected'
      and (valid_from is null and :valid_from::timestamptz is not null
           or valid_to is null and :valid_to::timestamptz is not null)
      and coalesce(coalesce(valid_from, :valid_from) <= coalesce(valid_to, :valid_to), true)
    returning id, coalesce(valid_from, said_at) as at
), told as (
    update semmem.fact_sources s set dates = true
    from dated where s.tenant = :tenant and s.fact_id = dated.id and s.event_id = any (:events::uuid[])
), moved as (
    update semmem.vectors v set at = dated.at, version = v.version + 1
    from dated
    where v.tenant = :tenant and v.index_name = any (array(select name from semmem.indexes)) and v.item_id = dated.id
), ranked as (
    update semmem.passages p set at = dated.at from dated where p.tenant = :tenant and p.item_id = dated.id
)
select id from dated;

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

-- goes_on: what was to end with a plan that goes
update semmem.facts f set valid_to = said_to, said_to = null, successor = null
where f.tenant = :tenant and f.successor = any (:facts::uuid[]) and f.superseded_at is null and f.id <> all (:facts);

-- carry_endings: what a version ended outside its thread, its next one ends
update semmem.facts f set successor = :made
from semmem.facts wrong
where wrong.tenant = :tenant and wrong.id = :of and f.tenant = :tenant and f.successor = wrong.id
  and f.thread <> wrong.thread;
