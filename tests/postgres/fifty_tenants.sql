-- 50 tenants of 50 users each, 20 events a user, and all that is made of events; the embedding model is known.
set session_replication_role = replica;  -- the rows fit each other: keys need no check

create temporary table said as
select format('t%s', lpad(t::text, 2, '0')) as tenant, 'user' as scope_kind, 'u' || u as scope_id, n,
       gen_random_uuid() as event_id, gen_random_uuid() as fact_id, 's' || n / 5 as session,
       timestamptz '2026-02-01' + n * interval '1 minute' as at
from generate_series(1, 50) t, generate_series(0, 49) u, generate_series(0, 19) n;

insert into semmem.scopes (tenant, scope_kind, scope_id, items, terms)
select tenant, scope_kind, scope_id, 24, 120 from said group by tenant, scope_kind, scope_id;

insert into semmem.events (
    tenant, scope_kind, scope_id, id, session, role, agent, event_type, content, importance, metadata, occurred_at,
    recorded_at, key, body_hash, indexed_at, consolidated_at, position)
select tenant, scope_kind, scope_id, event_id, session, 'user', 'desk', 'message', 'I said this as number ' || n, 0.5,
       '{}', at, at, 'k' || n, decode(md5(n::text), 'hex'), at, at, n + 1
from said order by tenant, scope_id, n;
insert into semmem.heads (tenant, scope_kind, scope_id, head)
select tenant, scope_kind, scope_id, 25 from semmem.scopes;
insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, subject, at)
select tenant, scope_kind, scope_id, 21 + n, 'lock', 'report', at from said where n < 5;
insert into semmem.groups (tenant, scope_kind, scope_id, name, event_types, ordered, claimed)
select tenant, scope_kind, scope_id, 'audit', '{}', false, 10 from semmem.scopes;
insert into semmem.deliveries (
    tenant, scope_kind, scope_id, group_name, position, event_id, consumer, lease, leased_until)
select tenant, scope_kind, scope_id, 'audit', n + 1, event_id, 'a-1', gen_random_uuid(), timestamptz '2030-01-01'
from said where n < 10;

insert into semmem.facts (
    tenant, scope_kind, scope_id, id, thread, version, subject, text, statement_hash, category, confidence, importance,
    trust, said_at, recorded_at, indexed_at)
select tenant, scope_kind, scope_id, fact_id, fact_id, 1, 'user', 'They said number ' || n,
       decode(md5(n::text), 'hex'), 'other', 0.9, 0.5, 'user', at, at, at
from said where n % 5 = 0;

insert into semmem.fact_sources (tenant, scope_kind, scope_id, fact_id, event_id, quote)
select tenant, scope_kind, scope_id, fact_id, event_id, 'number ' || n from said where n % 5 = 0;

create temporary table items as
select *, event_id as item_id, 'event' as item_kind from said
union all select *, fact_id, 'fact' from said where n % 5 = 0;

insert into semmem.vectors (
    tenant, scope_kind, scope_id, index_name, item_id, item_kind, version, vector, session, agent, category, at,
    importance, current)
select tenant, scope_kind, scope_id, i.name, item_id, item_kind, 1, i.vector, session, 'desk', 'other', at, 0.5, true
from items, (select name, array_fill(0.05::real, array[dimensions])::vector as vector from semmem.indexes) i
where n % 5 = 0;

insert into semmem.terms (tenant, scope_kind, scope_id, term, item_id, tf, length)
select tenant, scope_kind, scope_id, term, item_id, 1, 5
from items, lateral (values ('said'), (case n % 10 when 0 then 'allerg' else 'live' end)) as t (term)
order by tenant, scope_id, term;

insert into semmem.passages (
    tenant, scope_kind, scope_id, item_id, item_kind, session, place, voice, told, at, long, cues)
select tenant, scope_kind, scope_id, item_id, item_kind, case item_kind when 'event' then session else '' end,
       case item_kind when 'event' then n end, 'user', true, at, false, 0
from items;

insert into semmem.summaries (tenant, scope_kind, scope_id, id, session, text, version, through_seq, recorded_at)
select tenant, scope_kind, scope_id, gen_random_uuid(), session, 'They said much.', 1, 1, max(at)
from said group by grouping sets ((tenant, scope_kind, scope_id, session), (tenant, scope_kind, scope_id));
insert into semmem.summary_sources (tenant, scope_kind, scope_id, summary_id, event_id)
select s.tenant, s.scope_kind, s.scope_id, m.id, s.event_id
from said s join semmem.summaries m using (tenant, scope_kind, scope_id) where m.session = s.session;

insert into semmem.records (tenant, scope_kind, scope_id, key, value, event_id, created_at, updated_at, expires_at)
select tenant, scope_kind, scope_id, 'k' || n, '{"size": 1}', event_id, at, at, timestamptz '2030-01-01'
from said where n % 5 = 1;

insert into semmem.branches (tenant, scope_kind, scope_id, branch_id, path)
select tenant, scope_kind, scope_id, md5(tenant || scope_id || n), array['b' || n] from said where n % 10 = 0;
insert into semmem.index_work (tenant, scope_kind, scope_id, item_id)
select tenant, scope_kind, scope_id, event_id from said where scope_id = 'u0';
insert into semmem.dead_letters (tenant, scope_kind, scope_id, id, stage, reason, detail, event_ids, recorded_at)
select tenant, scope_kind, scope_id, gen_random_uuid(), 'draft', 'bad', 'bad', array[event_id], at
from said where n % 10 = 2;
insert into semmem.audit (tenant, scope_kind, scope_id, action, actor, item_ids, at)
select tenant, scope_kind, scope_id, 'add', 'rules', array[fact_id], at from said where n % 5 = 0;
insert into semmem.receipts (tenant, scope_kind, scope_id, id, counts, committed_at)
select tenant, scope_kind, scope_id, gen_random_uuid(), '{}', at from said where n % 10 = 3;
insert into semmem.receipt_stores (tenant, scope_kind, scope_id, receipt_id, store, done_at)
select tenant, scope_kind, scope_id, id, store, committed_at
from semmem.receipts, unnest(array['qdrant', 'redis:semmem']) as store;
insert into semmem.retractions (tenant, scope_kind, scope_id, event_id, statement_hash, quote, at)
select tenant, scope_kind, scope_id, event_id, decode(md5('x' || n), 'hex'), 'number', at from said where n % 10 = 4;

-- The state that agents share, of a version before the one that is used; every other item ended.
insert into semmem.fields (
    tenant, scope_kind, scope_id, field, version, digest, declared_at, reducer, shape, refuses, pieces, changed_at)
select tenant, scope_kind, scope_id, field, 1, '', 1, reducer, shape, false, 10, 20
from semmem.scopes, (values ('title', 'replace', 'single'), ('notes', 'append', 'items')) as f (field, reducer, shape);
insert into semmem.state (
    tenant, scope_kind, scope_id, field, piece, from_position, to_position, shape, value, confidence, agent, told_at,
    recorded_at)
select tenant, scope_kind, scope_id, 'title', '', n, nullif(n + 1, 20), 'single', '"A title"'::jsonb, 1, 'desk', at, at
from said where n > 0
union all
select tenant, scope_kind, scope_id, 'notes', lpad(n::text, 19, '0') || ':0001', n, case when n % 2 = 0 then 20 end, 'items',
       '"A note"', 1, 'desk', at, at
from said where n > 0;
insert into semmem.locks (tenant, scope_kind, scope_id, name, token, held_until)
select tenant, scope_kind, scope_id, name, 1, '-infinity' from semmem.scopes, unnest(array['report', 'draft']) as name;
insert into semmem.conflicts (tenant, scope_kind, scope_id, field, reduced)
select tenant, scope_kind, scope_id, field, 1 from semmem.fields;
insert into semmem.scope_settings (tenant, scope_kind, scope_id, zone, changed_at)
select tenant, scope_kind, scope_id, 'Europe/Berlin', timestamptz '2026-02-01' from semmem.scopes;
insert into semmem.checkpoints (tenant, scope_kind, scope_id, name, position, digest, at, pinned)
select tenant, scope_kind, scope_id, 'c' || n, n, '', at, false from said where n > 16;

-- What agents worked on together, until it was done.
insert into semmem.workspaces (tenant, scope_kind, scope_id, task, position, begun_at, ended_at, status)
select tenant, scope_kind, scope_id, 'A task', 1, timestamptz '2026-02-01', timestamptz '2026-02-02', 'done'
from semmem.scopes;
insert into semmem.roster (tenant, scope_kind, scope_id, agent, work_role, invited)
select tenant, scope_kind, scope_id, agent, 'clerk', false from semmem.scopes, unnest(array['desk', 'door']) as agent;
insert into semmem.questions (
    tenant, scope_kind, scope_id, id, agent, asked, question, options, position, asked_at, until)
select tenant, scope_kind, scope_id, gen_random_uuid(), 'desk', 'human', 'Is ' || n || ' right?', array['yes', 'no'], n, at,
       timestamptz '2030-01-01'
from said where n % 5 = 0;

-- Threads of a graph, with what is kept of each.
insert into semmem.threads (tenant, scope_kind, scope_id, thread, namespace, owner)
select tenant, scope_kind, scope_id, 't' || n, '', gen_random_uuid() from said where n % 5 = 0;
insert into semmem.thread_checkpoints (
    tenant, scope_kind, scope_id, thread, namespace, checkpoint, run, channels, versions,
    body_type, body, metadata_type, metadata)
select tenant, scope_kind, scope_id, thread, namespace, 'c1', 'r1', array['steps'], array['1'], 'json', '{}', 'json', '{}'
from semmem.threads;
insert into semmem.thread_values (
    tenant, scope_kind, scope_id, thread, namespace, channel, version, value_type, value)
select tenant, scope_kind, scope_id, thread, namespace, 'steps', '1', 'json', '[]' from semmem.threads;
insert into semmem.thread_writes (
    tenant, scope_kind, scope_id, thread, namespace, checkpoint, task, ordinal, task_path, channel, value_type, value)
select tenant, scope_kind, scope_id, thread, namespace, 'c1', 'task', 0, '', 'steps', 'json', '[]' from semmem.threads;

-- Jobs that nobody takes before the year is over.
insert into semmem.jobs (priority, status, entrypoint, key, payload, starts_at, tenant, scope_kind, scope_id)
select 0, 'queued', 'embed', semmem.job_key('embed', tenant, scope_kind, scope_id), 'null', now() + interval '1 year',
       tenant, scope_kind, scope_id
from semmem.scopes;

set session_replication_role = origin;
analyze;
