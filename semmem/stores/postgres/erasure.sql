-- select_events: what is named by its event; a named fact or category takes the events it rests on. With :shared these are
-- the agent's reports that others made too, and without it all else
select e.id from semmem.events e
where (e.tenant, e.scope_kind, e.scope_id) = (:tenant, :kind, :id)
  and :shared = (:hands_over and array_remove(e.witnesses, e.agent) <> '{}')
  and (:session::text is null or e.session = :session)
  and (:agent::text is null or e.agent = :agent)
  and (:event::uuid is null or e.id = :event)
  and (:before::timestamptz is null or e.occurred_at < :before)
  and (
    (:fact::uuid is null and :category::text is null)
    or e.id in (
        select s.event_id from semmem.fact_sources s join semmem.facts f on f.tenant = s.tenant and f.id = s.fact_id
        where (f.tenant, f.scope_kind, f.scope_id) = (:tenant, :kind, :id)
          and (:fact::uuid is null
               or f.thread = (select thread from semmem.facts where tenant = :tenant and id = :fact))
          and (:category::text is null or f.category = :category)
    )
  );

-- select_facts: those that no other event states: what only confirms them does so in words of its own; and those that have
-- their dates of one of these, which the others leave open
select f.id from semmem.facts f
where (f.tenant, f.scope_kind, f.scope_id) = (:tenant, :kind, :id)
  and f.id in (select fact_id from semmem.fact_sources where tenant = :tenant and event_id = any (:events::uuid[]))
  and (not exists (
    select from semmem.fact_sources s
    where s.tenant = f.tenant and s.fact_id = f.id and s.own_words and s.event_id <> all (:events::uuid[])
  ) or exists (
    select from semmem.fact_sources s
    where s.tenant = f.tenant and s.fact_id = f.id and s.dates and s.event_id = any (:events::uuid[])
  ));

-- select_wrong: a version of a fact, by its id alone
select id from semmem.facts where (tenant, scope_kind, scope_id, id) = (:tenant, :kind, :id, :fact);

-- sources: the events that these facts rest on
select distinct event_id as id from semmem.fact_sources where tenant = :tenant and fact_id = any (:facts::uuid[]);

-- resting: the facts that rest on these events
select distinct fact_id as id from semmem.fact_sources where tenant = :tenant and event_id = any (:events::uuid[]);

-- redate: facts that lost a source were said when the newest of the others said so, or a person did; and their word
-- weighs no more than that of whoever is left to make the statement
update semmem.facts f
set said_at = greatest(e.occurred_at, case when f.made in ('corrected', 'restored') then f.recorded_at end),
    utc_offset = e.utc_offset,
    trust = case when f.made in ('corrected', 'restored') then f.trust else (:ranks::text[])[least(
        array_position(:ranks, f.trust),
        (select max(array_position(:ranks, x.role))
         from semmem.fact_sources s join semmem.events x on x.tenant = s.tenant and x.id = s.event_id
         where s.tenant = f.tenant and s.fact_id = f.id and s.own_words))] end
from (
    select distinct on (s.fact_id) s.fact_id, e.occurred_at, e.utc_offset
    from semmem.fact_sources s join semmem.events e on e.tenant = s.tenant and e.id = s.event_id
    where s.tenant = :tenant and s.fact_id = any (:facts::uuid[]) order by s.fact_id, e.occurred_at desc
) e
where f.tenant = :tenant and f.id = e.fact_id;

-- readdress: and are found by the session and agent of one that is left
update semmem.vectors v
set session = e.session, agent = e.agent, at = coalesce(e.valid_from, e.said_at), version = v.version + 1
from (
    select distinct on (s.fact_id) s.fact_id, e.session, e.agent, f.valid_from, f.said_at
    from semmem.fact_sources s
    join semmem.events e on e.tenant = s.tenant and e.id = s.event_id
    join semmem.facts f on f.tenant = s.tenant and f.id = s.fact_id
    where s.tenant = :tenant and s.fact_id = any (:facts::uuid[]) order by s.fact_id, e.seq
) e
where v.tenant = :tenant and v.index_name = any (array(select name from semmem.indexes)) and v.item_id = e.fact_id;

-- remember_less: what ranking knows of them
update semmem.passages p set at = coalesce(f.valid_from, f.said_at), told = f.trust = 'user'
from semmem.facts f
where p.tenant = :tenant and p.item_id = any (:facts::uuid[]) and f.tenant = p.tenant and f.id = p.item_id;

-- hand_over: reports become their first witness's, whose type nobody said; of the body that hash stays which names no agent
update semmem.events
set agent = (array_remove(witnesses, agent))[1], witnesses = (array_remove(witnesses, agent))[2:], agent_type = null,
    body_hash = coalesce(report_hash, body_hash)
where tenant = :tenant and id = any (:events::uuid[]);

-- readdress_events: and are found by that agent
update semmem.vectors v set agent = e.agent, version = v.version + 1
from semmem.events e
where v.tenant = :tenant and v.index_name = any (array(select name from semmem.indexes))
  and v.item_id = any (:events::uuid[]) and e.tenant = v.tenant and e.id = v.item_id;

-- unname: an agent that only witnessed what stays is named there no more
update semmem.events set witnesses = array_remove(witnesses, :agent)
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and :agent = any (witnesses)
  and (:session::text is null or session = :session) and (:event::uuid is null or id = :event)
  and (:before::timestamptz is null or occurred_at < :before);

-- select_summaries: those that rest on any of these events, for their text may hold its words
select distinct summary_id as id from semmem.summary_sources
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and event_id = any (:events::uuid[]);

-- select_dead_letters: those that quote any of these events
select id from semmem.dead_letters
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and event_ids && :events::uuid[];

-- select_records: those that these events stand for; without a selection also those that have none
select key from semmem.records
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and (:everything or event_id = any (:events::uuid[]));

-- expired: records whose time is over, the first of them
select key, event_id from semmem.records
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and expires_at <= :now
order by expires_at limit :limit;

-- outlived: what forgotten facts had ended, with the fact that stays and took their place in turn; without such an heir it
-- holds again, unless its thread goes on or another fact says the same. Of several that make one statement the one that
-- was said last does
with recursive gone as materialized (
    select g.id, g.thread, g.version, g.superseded_at is null or g.ended is not null as is_last,
           least(coalesce(g.valid_from, g.said_at), g.said_at) as begun, coalesce(g.successor, (
               select n.id from semmem.facts n
               where (n.tenant, n.scope_kind, n.scope_id, n.thread) = (g.tenant, g.scope_kind, g.scope_id, g.thread)
                 and n.version > g.version order by n.version limit 1)) as successor
    from semmem.facts g where g.tenant = :tenant and g.id = any (:facts::uuid[])
), ended as (
    select f.id, f.successor as by, null::timestamptz as begun from semmem.facts f
    where f.tenant = :tenant and f.successor = any (:facts::uuid[]) and f.superseded_at is not null
    union all
    select f.id, g.id, g.begun
    from gone g join semmem.facts f on (f.tenant, f.scope_kind, f.scope_id, f.thread) = (:tenant, :kind, :id, g.thread)
    where f.successor is null and f.superseded_at is not null and f.version = (
        select max(version) from semmem.facts x
        where (x.tenant, x.scope_kind, x.scope_id, x.thread) = (:tenant, :kind, :id, g.thread) and x.version < g.version)
), chain as (
    select id, by, begun from ended where id <> all (:facts)
    union
    select c.id, g.successor, c.begun from chain c join gone g on g.id = c.by and not g.is_last
), outcome as (
    select c.id, c.begun, case when g.id is null then c.by end as heir
    from chain c left join gone g on g.id = c.by
    where case when g.id is null then c.by is not null else g.is_last end
)
select distinct on (f.statement_hash, case when o.heir is not null then f.id end)
       f.id, o.heir, o.begun, f.ended is not null as was_taken_back
from outcome o join semmem.facts f on f.tenant = :tenant and f.id = o.id
where o.heir is not null or (f.ended is null or f.made = 'reopened' and f.ended = 'restored')
  and not exists (select from semmem.facts x
                  where (x.tenant, x.scope_kind, x.scope_id, x.thread) = (f.tenant, f.scope_kind, f.scope_id, f.thread)
                    and x.version > f.version and x.id <> all (:facts))
  and not exists (select from semmem.facts x
                  where x.tenant = f.tenant and x.scope_kind = f.scope_kind and x.scope_id = f.scope_id
                    and x.statement_hash = f.statement_hash and x.superseded_at is null and x.id <> all (:facts))
order by f.statement_hash, case when o.heir is not null then f.id end, f.said_at desc, f.id;

-- inherit: what took their place now
update semmem.facts f set successor = n.heir
from unnest(:facts::uuid[], :heirs::uuid[]) as n (id, heir)
where f.tenant = :tenant and f.id = n.id;

-- reopen: they hold again, until when they said themselves
update semmem.facts f
set superseded_at = null, successor = null, said_to = null, ended = null, ended_by = null,
    valid_to = case when f.successor is not null then f.said_to
                    when f.valid_to = greatest(a.begun, f.valid_from) then null else f.valid_to end
from unnest(:facts::uuid[], :begun::timestamptz[]) as a (id, begun)
where f.tenant = :tenant and f.id = a.id;

-- revive_vectors: a reopened fact is among the current answers again
update semmem.vectors set current = true, version = version + 1
where tenant = :tenant and index_name = any (array(select name from semmem.indexes)) and item_id = any (:facts::uuid[]);

-- shrink: takes the items out of BM25's collection statistics
update semmem.scopes s set items = s.items - gone.items, terms = s.terms - gone.terms
from (
    select count(*) as items, coalesce(sum(length), 0) as terms
    from (select distinct item_id, length from semmem.terms where tenant = :tenant and item_id = any (:items::uuid[])) d
) gone
where (s.tenant, s.scope_kind, s.scope_id) = (:tenant, :kind, :id);

-- delete_terms: postings of these items
delete from semmem.terms where tenant = :tenant and item_id = any (:items::uuid[]);

-- delete_vectors: vectors of these items, of every index
delete from semmem.vectors
where tenant = :tenant and index_name = any (array(select name from semmem.indexes)) and item_id = any (:items::uuid[]);

-- delete_passages: what ranking knew of these items
delete from semmem.passages where tenant = :tenant and item_id = any (:items::uuid[]);

-- delete_facts: with their sources
delete from semmem.facts where tenant = :tenant and id = any (:facts::uuid[]);

-- stale_summaries: nothing of their text is read any more; they are made again of what they still rest on
update semmem.summaries set text = null, recorded_at = null where tenant = :tenant and id = any (:summaries::uuid[]);

-- delete_summaries: those that rest on nothing any more
delete from semmem.summaries m where m.tenant = :tenant and m.id = any (:summaries::uuid[])
  and not exists (select from semmem.summary_sources s where s.tenant = m.tenant and s.summary_id = m.id);

-- delete_dead_letters: they hold refused text
delete from semmem.dead_letters where tenant = :tenant and id = any (:letters::uuid[]);

-- delete_records: by key
delete from semmem.records where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and key = any (:keys::text[]);

-- delete_events: and as sources of facts that stay
delete from semmem.events where tenant = :tenant and id = any (:events::uuid[]);
