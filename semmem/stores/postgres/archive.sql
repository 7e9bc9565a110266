-- places: the root's branches at and below a path, of every owner or of one
select path, owner from semmem.branches
where (tenant, scope_kind, scope_id) = (:tenant, :root_kind, :root_id) and path[1:cardinality(:path::text[])] = :path
  and (:owner::text is null or owner = :owner)
order by path, owner nulls first;

-- left_behind: what a place holds that its archive does not
select (select count(*) from semmem.receipts where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)) as receipts,
       (select count(*) from semmem.audit where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)) as audit_rows,
       (select count(*) from semmem.fields
        where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and changed_at > 0) as fields,
       (select count(*) from semmem.questions where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)) as questions,
       (select count(*) from semmem.roster where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)) as members,
       (select count(*) from semmem.scope_settings
        where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)) as settings,
       (select count(*) from semmem.groups where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)) as groups,
       (select count(distinct thread) from semmem.threads
        where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)) as threads;

-- read_event: in the order they were remembered
select * from semmem.events where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) order by seq;

-- read_record: in the order they were first put
select *, event_id as event from semmem.records
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) order by seq;

-- read_retraction: in the order they were taken back
select *, event_id as event from semmem.retractions
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)
order by at, event_id, statement_hash;

-- read_fact: every version, thread by thread
select f.*, (
    select json_agg(
        json_build_object('event', event_id, 'quote', quote, 'own_words', own_words, 'dates', dates) order by event_id)
    from semmem.fact_sources where tenant = f.tenant and fact_id = f.id
) as sources
from semmem.facts f
where (f.tenant, f.scope_kind, f.scope_id) = (:tenant, :kind, :id)
order by f.thread, f.version;

-- read_summary: with the last event it covers, and those it rests on; one that is to be made again has no text
select m.*, (
    select e.id from semmem.events e
    where (e.tenant, e.scope_kind, e.scope_id) = (m.tenant, m.scope_kind, m.scope_id) and e.seq <= m.through_seq
    order by e.seq desc limit 1
) as through, (
    select array_agg(event_id order by event_id) from semmem.summary_sources
    where tenant = m.tenant and summary_id = m.id
) as events
from semmem.summaries m where (m.tenant, m.scope_kind, m.scope_id) = (:tenant, :kind, :id)
order by m.session nulls first;

-- read_dead_letter: oldest first; vectors are made anew, and so are letters of those that are refused again
select *, event_ids as events from semmem.dead_letters
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and stage <> 'embedding'
order by recorded_at, id;

-- close: versions that the archive knows to be superseded, and this memory does not yet
update semmem.facts f
set superseded_at = x.superseded_at, valid_to = x.valid_to, successor = x.successor, said_to = x.said_to,
    ended = x.ended, ended_by = x.ended_by
from jsonb_to_recordset(:ends) as x (
    id uuid, superseded_at timestamptz, valid_to timestamptz, successor uuid, said_to timestamptz,
    ended text, ended_by text)
where (f.tenant, f.scope_kind, f.scope_id, f.id) = (:tenant, :kind, :id, x.id)
  and f.superseded_at is null and x.superseded_at is not null
returning f.id;

-- has_stale_summary: whether one has to be made again
select exists (
    select from semmem.summaries where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and recorded_at is null
);
