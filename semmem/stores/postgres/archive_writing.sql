-- held_event: which of these ids are events here already
select id, content, role from semmem.events
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and id = any (:asked::uuid[]);

-- held_fact: which of these ids are facts here already
select id from semmem.facts
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and id = any (:asked::uuid[]);

-- held_summary: which of these ids are summaries here already
select id from semmem.summaries
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and id = any (:asked::uuid[]);

-- held_dead_letter: which of these ids are dead letters here already
select id from semmem.dead_letters
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and id = any (:asked::uuid[]);

-- keyed: events that stand under one of these keys, and what was said under it
select key, id, role, body_hash from semmem.events
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and key = any (:keys::text[]);

-- records_under: what stands under these keys
select key, value, updated_at from semmem.records
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and key = any (:keys::text[]);

-- standing: current facts that make one of these statements
select id, statement_hash from semmem.facts
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and statement_hash = any (:hashes::bytea[])
  and superseded_at is null;

-- taken_back: what is not to be drawn from these events again
select event_id, statement_hash from semmem.retractions
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and event_id = any (:events::uuid[]);

-- versions: what stands in these threads
select thread, version, id from semmem.facts
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and thread = any (:threads::uuid[]);

-- sessions: summaries of these sessions
select session, id from semmem.summaries
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)
  and (session = any (:sessions::text[]) or session is null and :own);

-- write_event: as they were, in this order, each with the next position of the log; an id or a key that is taken yields no
-- row, and whoever asked has to take all of them back
with log as materialized (
    select semmem.advance(:tenant, :kind, :id, json_array_length(:rows::json)) as first
)
insert into semmem.events (
    tenant, scope_kind, scope_id, id, session, role, speaker, agent, agent_type, event_type, content, importance,
    metadata, occurred_at, utc_offset, recorded_at, consolidated_at, key, body_hash, report_hash, witnesses,
    position)
select :tenant, :kind, :id, id, session, role, speaker, agent, agent_type, event_type, content, importance, metadata,
       occurred_at, make_interval(secs => utc_offset), recorded_at, consolidated_at, key, decode(body_hash, 'hex'),
       decode(report_hash, 'hex'), array(select jsonb_array_elements_text(witnesses)), log.first + ordinality - 1
from log, rows from (json_to_recordset(:rows) as (
    id uuid, session text, role text, speaker text, agent text, agent_type text, event_type text, content text,
    importance double precision, metadata json, occurred_at timestamptz, utc_offset double precision,
    recorded_at timestamptz, consolidated_at timestamptz, key text, body_hash text, report_hash text, witnesses jsonb
)) with ordinality
    as x (id, session, role, speaker, agent, agent_type, event_type, content, importance, metadata, occurred_at,
          utc_offset, recorded_at, consolidated_at, key, body_hash, report_hash, witnesses, ordinality)
order by ordinality
on conflict do nothing
returning id;

-- write_record: as they were, in this order
insert into semmem.records
    (tenant, scope_kind, scope_id, key, value, event_id, created_at, updated_at, ttl, expires_at)
select :tenant, :kind, :id, key, value, event, created_at, updated_at, make_interval(secs => ttl), expires_at
from rows from (json_to_recordset(:rows) as (
    key text, value json, event uuid, created_at timestamptz, updated_at timestamptz, ttl double precision,
    expires_at timestamptz)) with ordinality
    as x (key, value, event, created_at, updated_at, ttl, expires_at, ordinality)
order by ordinality
on conflict do nothing
returning key;

-- write_retraction: as they were
insert into semmem.retractions (tenant, scope_kind, scope_id, event_id, statement_hash, quote, at)
select :tenant, :kind, :id, event, decode(statement_hash, 'hex'), quote, at
from jsonb_to_recordset(:rows) as x (event uuid, statement_hash text, quote text, at timestamptz)
on conflict do nothing
returning event_id;

-- write_fact: as they were, with their sources; the index job makes them findable
with given as (
    select * from jsonb_to_recordset(:rows) as x (
        id uuid, thread uuid, version integer, subject text, text text, statement_hash text, category text,
        confidence double precision, importance double precision, valid_from timestamptz, valid_to timestamptz,
        precision text, trust text, said_at timestamptz, utc_offset double precision, recorded_at timestamptz,
        superseded_at timestamptz, successor uuid, said_to timestamptz, made text, made_by text, ended text,
        ended_by text, pinned_at timestamptz, pinned_by text, sources jsonb)
), stored as (
    insert into semmem.facts (
        tenant, scope_kind, scope_id, id, thread, version, subject, text, statement_hash, category, confidence,
        importance, valid_from, valid_to, precision, trust, said_at, utc_offset, recorded_at, superseded_at, successor,
        said_to, indexed_at, made, made_by, ended, ended_by, pinned_at, pinned_by)
    select :tenant, :kind, :id, id, thread, version, subject, text, decode(statement_hash, 'hex'), category, confidence,
           importance, valid_from, valid_to, precision, trust, said_at, make_interval(secs => utc_offset), recorded_at,
           superseded_at, successor, said_to, null, made, made_by, ended, ended_by, pinned_at, pinned_by
    from given
    on conflict do nothing
    returning id
), sourced as (
    insert into semmem.fact_sources (tenant, scope_kind, scope_id, fact_id, event_id, quote, own_words, dates)
    select :tenant, :kind, :id, g.id, s.event, s.quote, s.own_words, s.dates
    from given g join stored using (id),
         jsonb_to_recordset(g.sources) as s (event uuid, quote text, own_words boolean, dates boolean)
)
select id from stored;

-- follow: what was imported before its successor, which got a new id
update semmem.facts f set successor = n.new
from unnest(:old::uuid[], :new::uuid[]) as n (old, new)
where (f.tenant, f.scope_kind, f.scope_id) = (:tenant, :kind, :id) and f.successor = n.old;

-- unpin_beyond: of these facts those that are more than may be pinned, beside those that were here
update semmem.facts set pinned_at = null, pinned_by = null
where tenant = :tenant and id = any (:facts::uuid[]) and id in (
    select id from semmem.facts
    where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and superseded_at is null and pinned_at is not null
    order by id = any (:facts), pinned_at, id offset :limit
);

-- write_summary: as they were, with what they rest on
with given as (
    select * from jsonb_to_recordset(:rows) as x (
        id uuid, session text, text text, version integer, through uuid, recorded_at timestamptz, events jsonb)
), stored as (
    insert into semmem.summaries (
        tenant, scope_kind, scope_id, id, session, text, version, through_seq, recorded_at)
    select :tenant, :kind, :id, g.id, g.session, g.text, g.version, e.seq, g.recorded_at
    from given g join semmem.events e
        on (e.tenant, e.scope_kind, e.scope_id, e.id) = (:tenant, :kind, :id, g.through)
    on conflict do nothing
    returning id
), sourced as (
    insert into semmem.summary_sources (tenant, scope_kind, scope_id, summary_id, event_id)
    select :tenant, :kind, :id, g.id, s.event::uuid
    from given g join stored using (id), jsonb_array_elements_text(g.events) as s (event)
    on conflict do nothing
)
select id from stored;

-- write_dead_letter: as they were
insert into semmem.dead_letters (
    tenant, scope_kind, scope_id, id, stage, reason, detail, event_ids, recorded_at, replayed_at)
select :tenant, :kind, :id, id, stage, reason, detail,
       array(select e::uuid from jsonb_array_elements_text(events) as e), recorded_at, replayed_at
from jsonb_to_recordset(:rows) as x (
    id uuid, stage text, reason text, detail text, events jsonb, recorded_at timestamptz, replayed_at timestamptz)
on conflict do nothing
returning id;

-- confirm: what rested on less when it was imported before
with given as (
    select * from jsonb_to_recordset(:rows) as x (
        id uuid, confidence double precision, importance double precision, said_at timestamptz, sources jsonb)
), sourced as (
    insert into semmem.fact_sources (tenant, scope_kind, scope_id, fact_id, event_id, quote, own_words, dates)
    select :tenant, :kind, :id, g.id, s.event, s.quote, s.own_words, s.dates
    from given g, jsonb_to_recordset(g.sources) as s (event uuid, quote text, own_words boolean, dates boolean)
    on conflict do nothing
)
update semmem.facts f
set confidence = greatest(f.confidence, x.confidence), importance = greatest(f.importance, x.importance),
    said_at = greatest(f.said_at, x.said_at)
from given x
where (f.tenant, f.scope_kind, f.scope_id, f.id) = (:tenant, :kind, :id, x.id)
  and (f.confidence, f.importance, f.said_at) is distinct from (x.confidence, x.importance, x.said_at);

-- merge_summary: where both have one. The archive's text stands if it is the later version and rests on all that this
-- one does; else, if it brings events along, neither text holds all, and it has to be made again of the events of both
with given as (
    select * from jsonb_to_recordset(:rows) as x (
        id uuid, text text, version integer, through uuid, recorded_at timestamptz, events jsonb)
), compared as (
    select g.*, e.seq, g.version > m.version and not exists (
        select event_id from semmem.summary_sources where tenant = :tenant and summary_id = m.id
        except select id::uuid from jsonb_array_elements_text(g.events) as a (id)
    ) as later, exists (
        select id::uuid from jsonb_array_elements_text(g.events) as a (id)
        except select event_id from semmem.summary_sources where tenant = :tenant and summary_id = m.id
    ) as brings
    from given g
    join semmem.summaries m on (m.tenant, m.scope_kind, m.scope_id, m.id) = (:tenant, :kind, :id, g.id)
    join semmem.events e on (e.tenant, e.scope_kind, e.scope_id, e.id) = (:tenant, :kind, :id, g.through)
), merged as (
    update semmem.summaries m
    set text = case when c.later then c.text end, recorded_at = case when c.later then c.recorded_at end,
        version = greatest(m.version, c.version), through_seq = greatest(m.through_seq, c.seq)
    from compared c
    where m.tenant = :tenant and m.id = c.id and (c.later or c.brings)
    returning m.id
), sourced as (
    insert into semmem.summary_sources (tenant, scope_kind, scope_id, summary_id, event_id)
    select :tenant, :kind, :id, c.id, a.id::uuid
    from compared c join merged using (id), jsonb_array_elements_text(c.events) as a (id)
    on conflict do nothing
)
select id from merged;
