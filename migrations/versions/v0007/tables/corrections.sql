-- What people did to a version of a fact stands in its own row, so that it goes with the fact, and under its policy.
alter table semmem.facts
    add column made text,  -- corrected, restored or reopened, where a person made this version
    add column made_by text collate "C",
    add column ended text,  -- corrected, rejected or restored, where a person took this version back: it never held
    add column ended_by text collate "C",
    add column pinned_at timestamptz,  -- since when every profile shows it, on each version of its thread
    add column pinned_by text collate "C";
select semmem.guard('semmem.facts', p_swept => '{tenant, scope_kind, scope_id, indexed_at}');

-- With them; a view's new columns stand behind those that it has.
create or replace view semmem.sourced_facts with (security_invoker) as
select f.tenant, f.scope_kind, f.scope_id, f.id, f.thread, f.version, f.subject, f.text, f.statement_hash, f.category,
       f.confidence, f.importance, f.valid_from, f.valid_to, f.precision, f.trust, f.said_at, f.utc_offset,
       f.recorded_at, f.superseded_at, f.indexed_at, s.event_ids, s.quotes,
       f.made, f.made_by, f.ended, f.ended_by, f.pinned_at, f.pinned_by
from semmem.facts f,
lateral (
    select array_agg(event_id order by event_id) as event_ids, array_agg(quote order by event_id) as quotes
    from semmem.fact_sources where tenant = f.tenant and fact_id = f.id
) s;
