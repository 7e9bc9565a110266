-- places: the root's branches at and below a path, of every owner or of one
select path, owner from semmem.branches
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and path[1:cardinality($4::text[])] = $4
  and ($5::text is null or owner = $5)
order by path, owner nulls first;

-- left_behind: what a place holds that its archive does not
select (select count(*) from semmem.receipts where (tenant, scope_kind, scope_id) = ($1, $2, $3)) as receipts,
       (select count(*) from semmem.audit where (tenant, scope_kind, scope_id) = ($1, $2, $3)) as audit_rows;

-- read_event: in the order they were remembered
select * from semmem.events where (tenant, scope_kind, scope_id) = ($1, $2, $3) order by seq;

-- read_record: in the order they were first put
select * from semmem.records where (tenant, scope_kind, scope_id) = ($1, $2, $3) order by seq;

-- read_retraction: in the order they were taken back
select * from semmem.retractions where (tenant, scope_kind, scope_id) = ($1, $2, $3)
order by at, event_id, statement_hash;

-- read_fact: every version, thread by thread
select f.*, s.event_ids, s.quotes, s.own_words
from semmem.facts f, lateral (
    select array_agg(event_id order by event_id) as event_ids, array_agg(quote order by event_id) as quotes,
           array_agg(own_words order by event_id) as own_words
    from semmem.fact_sources where tenant = f.tenant and fact_id = f.id
) s
where (f.tenant, f.scope_kind, f.scope_id) = ($1, $2, $3)
order by f.thread, f.version;

-- read_summary: with the last event it covers, and those it rests on; one that is to be made again has no text
select m.*, (
    select e.id from semmem.events e
    where (e.tenant, e.scope_kind, e.scope_id) = (m.tenant, m.scope_kind, m.scope_id) and e.seq <= m.through_seq
    order by e.seq desc limit 1
) as through, (
    select array_agg(event_id order by event_id) from semmem.summary_sources
    where tenant = m.tenant and summary_id = m.id
) as event_ids
from semmem.summaries m where (m.tenant, m.scope_kind, m.scope_id) = ($1, $2, $3)
order by m.session nulls first;

-- read_dead_letter: oldest first; vectors are made anew, and so are letters of those that are refused again
select * from semmem.dead_letters where (tenant, scope_kind, scope_id) = ($1, $2, $3) and stage <> 'embedding'
order by recorded_at, id;

-- make_scope: a first write's scope
insert into semmem.scopes (tenant, scope_kind, scope_id) values ($1, $2, $3) on conflict do nothing;

-- standing_events: which of these are here
select id from semmem.events
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and id = any ($4::uuid[]);

-- held_event: which of these ids are events here already
select id, content, role from semmem.events where (tenant, scope_kind, scope_id) = ($1, $2, $3) and id = any ($4::uuid[]);

-- held_fact: which of these ids are facts here already
select id from semmem.facts where (tenant, scope_kind, scope_id) = ($1, $2, $3) and id = any ($4::uuid[]);

-- held_summary: which of these ids are summaries here already
select id from semmem.summaries where (tenant, scope_kind, scope_id) = ($1, $2, $3) and id = any ($4::uuid[]);

-- held_dead_letter: which of these ids are dead letters here already
select id from semmem.dead_letters where (tenant, scope_kind, scope_id) = ($1, $2, $3) and id = any ($4::uuid[]);

-- keyed: events that stand under one of these keys, and what was said under it
select key, id, role, body_hash from semmem.events
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and key = any ($4::text[]);

-- records_under: what stands under these keys
select key, value, updated_at from semmem.records
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and key = any ($4::text[]);

-- standing: current facts that make one of these statements
select id, statement_hash from semmem.facts
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and statement_hash = any ($4::bytea[]) and superseded_at is null;

-- versions: what stands in these threads
select thread, version, id from semmem.facts
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and thread = any ($4::uuid[]);

-- sessions: summaries of these sessions
select session, id from semmem.summaries
where (tenant, scope_kind, scope_id) = ($1, $2, $3)
  and (session = any ($4::text[]) or session is null and $5);

-- write_event: as they were, in this order; an id or a key that is taken yields no row
insert into semmem.events (
    tenant, scope_kind, scope_id, id, session, role, speaker, agent, agent_type, event_type, content, importance,
    metadata, occurred_at, utc_offset, recorded_at, consolidated_at, key, body_hash, report_hash, witnesses)
select $1, $2, $3, id, session, role, speaker, agent, agent_type, event_type, content, importance, metadata, occurred_at,
       make_interval(secs => utc_offset), recorded_at, consolidated_at, key, decode(body_hash, 'hex'),
       decode(report_hash, 'hex'), array(select jsonb_array_elements_text(witnesses))
from rows from (json_to_recordset($4) as (
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
select $1, $2, $3, key, value, event, created_at, updated_at, make_interval(secs => ttl), expires_at
from rows from (json_to_recordset($4) as (
    key text, value json, event uuid, created_at timestamptz, updated_at timestamptz, ttl double precision,
    expires_at timestamptz)) with ordinality
    as x (key, value, event, created_at, updated_at, ttl, expires_at, ordinality)
order by ordinality
on conflict do nothing
returning key;

-- write_retraction: as they were
insert into semmem.retractions (tenant, scope_kind, scope_id, event_id, statement_hash, quote, at)
select $1, $2, $3, event, decode(statement_hash, 'hex'), quote, at
from jsonb_to_recordset($4) as x (event uuid, statement_hash text, quote text, at timestamptz)
on conflict do nothing
returning event_id;

-- write_fact: as they were, with their sources; the index job makes them findable
with given as (
    select * from jsonb_to_recordset($4) as x (
        id uuid, thread uuid, version integer, subject text, text text, statement_hash text, category text,
        confidence double precision, importance double precision, valid_from timestamptz, valid_to timestamptz,
        precision text, trust text, said_at timestamptz, utc_offset double precision, recorded_at timestamptz,
        superseded_at timestamptz, sources jsonb)
), stored as (
    insert into semmem.facts (
        tenant, scope_kind, scope_id, id, thread, version, subject, text, statement_hash, category, confidence,
        importance, valid_from, valid_to, precision, trust, said_at, utc_offset, recorded_at, superseded_at, indexed_at)
    select $1, $2, $3, id, thread, version, subject, text, decode(statement_hash, 'hex'), category, confidence,
           importance, valid_from, valid_to, precision, trust, said_at, make_interval(secs => utc_offset), recorded_at,
           superseded_at, null
    from given
    on conflict do nothing
    returning id
), sourced as (
    insert into semmem.fact_sources (tenant, scope_kind, scope_id, fact_id, event_id, quote, own_words)
    select $1, $2, $3, g.id, s.event, s.quote, s.own_words
    from given g join stored using (id),
         jsonb_to_recordset(g.sources) as s (event uuid, quote text, own_words boolean)
)
select id from stored;

-- write_summary: as they were, with what they rest on
with given as (
    select * from jsonb_to_recordset($4) as x (
        id uuid, session text, text text, version integer, through uuid, recorded_at timestamptz, events jsonb)
), stored as (
    insert into semmem.summaries (
        tenant, scope_kind, scope_id, id, session, text, version, through_seq, recorded_at)
    select $1, $2, $3, g.id, g.session, g.text, g.version, e.seq, g.recorded_at
    from given g join semmem.events e
        on (e.tenant, e.scope_kind, e.scope_id, e.id) = ($1, $2, $3, g.through)
    on conflict do nothing
    returning id
), sourced as (
    insert into semmem.summary_sources (tenant, scope_kind, scope_id, summary_id, event_id)
    select $1, $2, $3, g.id, s.event::uuid
    from given g join stored using (id), jsonb_array_elements_text(g.events) as s (event)
    on conflict do nothing
)
select id from stored;

-- write_dead_letter: as they were
insert into semmem.dead_letters (
    tenant, scope_kind, scope_id, id, stage, reason, detail, event_ids, recorded_at, replayed_at)
select $1, $2, $3, id, stage, reason, detail, array(select e::uuid from jsonb_array_elements_text(events) as e),
       recorded_at, replayed_at
from jsonb_to_recordset($4) as x (
    id uuid, stage text, reason text, detail text, events jsonb, recorded_at timestamptz, replayed_at timestamptz)
on conflict do nothing
returning id;

-- close: versions that the archive knows to be superseded, and this memory does not yet
update semmem.facts f set superseded_at = x.superseded_at, valid_to = x.valid_to
from jsonb_to_recordset($4) as x (id uuid, superseded_at timestamptz, valid_to timestamptz)
where (f.tenant, f.scope_kind, f.scope_id, f.id) = ($1, $2, $3, x.id)
  and f.superseded_at is null and x.superseded_at is not null
returning f.id;

-- confirm: what rested on less when it was imported before
with given as (
    select * from jsonb_to_recordset($4) as x (
        id uuid, confidence double precision, importance double precision, said_at timestamptz, sources jsonb)
), sourced as (
    insert into semmem.fact_sources (tenant, scope_kind, scope_id, fact_id, event_id, quote, own_words)
    select $1, $2, $3, g.id, s.event, s.quote, s.own_words
    from given g, jsonb_to_recordset(g.sources) as s (event uuid, quote text, own_words boolean)
    on conflict do nothing
)
update semmem.facts f
set confidence = greatest(f.confidence, x.confidence), importance = greatest(f.importance, x.importance),
    said_at = greatest(f.said_at, x.said_at)
from given x
where (f.tenant, f.scope_kind, f.scope_id, f.id) = ($1, $2, $3, x.id)
  and (f.confidence, f.importance, f.said_at) is distinct from (x.confidence, x.importance, x.said_at);

-- merge_summary: where both have one. The archive's text stands if it is the later version and rests on all that this
-- one does; else, if it brings events along, neither text holds all, and it has to be made again of the events of both
with given as (
    select * from jsonb_to_recordset($4) as x (
        id uuid, text text, version integer, through uuid, recorded_at timestamptz, events jsonb)
), compared as (
    select g.*, e.seq, g.version > m.version and not exists (
        select event_id from semmem.summary_sources where tenant = $1 and summary_id = m.id
        except select id::uuid from jsonb_array_elements_text(g.events) as a (id)
    ) as later, exists (
        select id::uuid from jsonb_array_elements_text(g.events) as a (id)
        except select event_id from semmem.summary_sources where tenant = $1 and summary_id = m.id
    ) as brings
    from given g
    join semmem.summaries m on (m.tenant, m.scope_kind, m.scope_id, m.id) = ($1, $2, $3, g.id)
    join semmem.events e on (e.tenant, e.scope_kind, e.scope_id, e.id) = ($1, $2, $3, g.through)
), merged as (
    update semmem.summaries m
    set text = case when c.later then c.text end, recorded_at = case when c.later then c.recorded_at end,
        version = greatest(m.version, c.version), through_seq = greatest(m.through_seq, c.seq)
    from compared c
    where m.tenant = $1 and m.id = c.id and (c.later or c.brings)
    returning m.id
), sourced as (
    insert into semmem.summary_sources (tenant, scope_kind, scope_id, summary_id, event_id)
    select $1, $2, $3, c.id, a.id::uuid
    from compared c join merged using (id), jsonb_array_elements_text(c.events) as a (id)
    on conflict do nothing
)
select id from merged;

-- has_stale_summary: whether one has to be made again
select exists (
    select from semmem.summaries where (tenant, scope_kind, scope_id) = ($1, $2, $3) and recorded_at is null
);
