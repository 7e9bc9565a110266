-- Every table below holds one tenant's rows and starts each key with the tenant; (scope_kind, scope_id) says where in it.
-- Roles, row level security and rights: access.sql, in the same transaction.

create extension if not exists vector with schema public;

-- The queue's table, which pgqueuer's own script has made, says whose each job is, so that row level security holds there.
alter table semmem.pgqueuer
    add tenant text collate "C" not null, add scope_kind text not null, add scope_id text collate "C" not null;
-- What row level security asks for; pgqueuer's own indexes serve the worker alone.
create index pgqueuer_of_scope on semmem.pgqueuer (tenant, scope_kind, scope_id);

-- pgqueuer notes every step of every job, for ever: nothing here reads that, so no row of it is kept.
create function semmem.keep_no_log() returns trigger
language plpgsql as $$ begin return null; end $$;
create trigger keep_no_log before insert on semmem.pgqueuer_log
    for each row execute function semmem.keep_no_log();

-- epoch rises with every forget, so that caches know what is stale; items and terms are BM25's collection statistics.
create table semmem.scopes (
    tenant     text collate "C" not null,
    scope_kind text not null check (scope_kind in ('user', 'workspace', 'branch')),
    scope_id   text collate "C" not null,
    epoch      bigint not null default 0,
    items      bigint not null default 0,
    terms      bigint not null default 0,
    primary key (tenant, scope_kind, scope_id)
);

create table semmem.events (
    tenant          text collate "C" not null,
    scope_kind      text not null,
    scope_id        text collate "C" not null,
    id              uuid not null,
    seq             bigint generated always as identity,
    session         text collate "C",
    role            text not null check (role in ('user', 'assistant', 'tool', 'system')),
    speaker         text,
    agent           text collate "C",
    agent_type      text,
    event_type      text not null,
    content         text not null,
    importance      double precision not null check (importance between 0 and 1),
    metadata        json not null,  -- as text: jsonb would change its numbers
    occurred_at     timestamptz not null,
    utc_offset      interval,  -- east of UTC, as the caller gave it; days are resolved in it; null is UTC
    recorded_at     timestamptz not null,
    key             text collate "C",
    body_hash       bytea not null,
    report_hash     bytea,  -- of an event that other agents may report as well; null for one of its own
    witnesses       text[] collate "C" not null default '{}',  -- the other agents that did
    indexed_at      timestamptz,
    consolidated_at timestamptz,
    primary key (tenant, id),
    unique (tenant, scope_kind, scope_id, key),
    foreign key (tenant, scope_kind, scope_id) references semmem.scopes
);
create index events_newest on semmem.events (tenant, scope_kind, scope_id, seq desc);
create index events_of_session on semmem.events (tenant, scope_kind, scope_id, session, seq);
create index events_of_report on semmem.events (tenant, scope_kind, scope_id, report_hash)
    where report_hash is not null;
create index events_waiting on semmem.events (tenant, scope_kind, scope_id, seq)
    where consolidated_at is null or indexed_at is null;

create table semmem.facts (
    tenant         text collate "C" not null,
    scope_kind     text not null,
    scope_id       text collate "C" not null,
    id             uuid not null,
    thread         uuid not null,
    version        integer not null check (version >= 1),
    subject        text not null,
    text           text not null,
    statement_hash bytea not null,
    category       text not null,
    confidence     double precision not null check (confidence between 0 and 1),
    importance     double precision not null check (importance between 0 and 1),
    valid_from     timestamptz,
    valid_to       timestamptz,
    precision      text check (precision in ('year', 'month', 'day', 'instant')),
    trust          text not null check (trust in ('user', 'assistant', 'tool', 'system')),
    said_at        timestamptz not null,
    utc_offset     interval,  -- of the event it rests on, in which its days are meant
    recorded_at    timestamptz not null,
    superseded_at  timestamptz,
    indexed_at     timestamptz,
    primary key (tenant, id),
    unique (tenant, scope_kind, scope_id, thread, version),
    foreign key (tenant, scope_kind, scope_id) references semmem.scopes
);
-- The truth of "no fact twice": one current version of a statement in a scope.
create unique index facts_current on semmem.facts (tenant, scope_kind, scope_id, statement_hash)
    where superseded_at is null;
create index facts_with_statement on semmem.facts (tenant, scope_kind, scope_id, statement_hash);
create index facts_newest on semmem.facts (tenant, scope_kind, scope_id, recorded_at, id);
-- Imported ones; those that are extracted come with their vectors.
create index facts_waiting on semmem.facts (tenant, scope_kind, scope_id) where indexed_at is null;

create table semmem.fact_sources (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    fact_id    uuid not null,
    event_id   uuid not null,
    quote      text not null,
    own_words  boolean not null default true,  -- false where it only confirms the fact, in words of its own
    primary key (tenant, fact_id, event_id),
    foreign key (tenant, fact_id) references semmem.facts on delete cascade,
    foreign key (tenant, event_id) references semmem.events on delete cascade
);
create index fact_sources_of_event on semmem.fact_sources (tenant, event_id);

-- A fact with the events it rests on and their quotes; read with the caller's rights, so that row security holds.
create view semmem.sourced_facts with (security_invoker) as
select f.*, s.event_ids, s.quotes
from semmem.facts f,
lateral (
    select array_agg(event_id order by event_id) as event_ids, array_agg(quote order by event_id) as quotes
    from semmem.fact_sources where tenant = f.tenant and fact_id = f.id
) s;

-- Wrong facts that were taken back while their events stayed: what is not to be drawn from these events again.
create table semmem.retractions (
    tenant         text collate "C" not null,
    scope_kind     text not null,
    scope_id       text collate "C" not null,
    event_id       uuid not null,
    statement_hash bytea not null,
    quote          text not null,
    at             timestamptz not null,
    primary key (tenant, event_id, statement_hash),
    foreign key (tenant, event_id) references semmem.events on delete cascade
);

create table semmem.summaries (
    tenant      text collate "C" not null,
    scope_kind  text not null,
    scope_id    text collate "C" not null,
    id          uuid not null,
    session     text collate "C",
    text        text,  -- null where something of it was forgotten, until it is made again of what it still rests on
    version     integer not null check (version >= 1),
    through_seq bigint not null,
    recorded_at timestamptz,  -- null until then as well
    primary key (tenant, id),
    unique nulls not distinct (tenant, scope_kind, scope_id, session),
    check ((text is null) = (recorded_at is null)),
    foreign key (tenant, scope_kind, scope_id) references semmem.scopes
);

create index summaries_stale on semmem.summaries (tenant, scope_kind, scope_id) where recorded_at is null;

create table semmem.summary_sources (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    summary_id uuid not null,
    event_id   uuid not null,
    primary key (tenant, summary_id, event_id),
    foreign key (tenant, summary_id) references semmem.summaries on delete cascade,
    foreign key (tenant, event_id) references semmem.events on delete cascade
);
create index summary_sources_of_event on semmem.summary_sources (tenant, event_id);

-- The embedding model in use; its dimensions are known from its first vector on.
create table semmem.indexes (
    name       text primary key,
    model      text not null,
    dimensions integer check (dimensions between 1 and 16000),
    made_at    timestamptz not null default now()
);

-- What a vector index holds of an event or fact: the truth that Qdrant is made equal to. A vector is missing where the
-- embedder was down, and waits, or where it refused the text; such an item is found by its words.
create table semmem.vectors (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    index_name text not null references semmem.indexes on update cascade,
    item_id    uuid not null,
    item_kind  text not null check (item_kind in ('event', 'fact')),
    version    integer not null,
    vector     public.vector,
    missing    text check (missing in ('waits', 'refused')),
    session    text collate "C",
    agent      text collate "C",
    category   text,
    at         timestamptz not null,
    importance double precision not null,
    current    boolean not null,
    primary key (tenant, index_name, item_id),
    check ((vector is null) = (missing is not null))
);
create index vectors_of_scope on semmem.vectors (tenant, scope_kind, scope_id, index_name);
create index vectors_missing on semmem.vectors (tenant, scope_kind, scope_id) where missing is not null;

-- An inverted index kept inside the scope, so that no tenant's words weigh in another's scores.
create table semmem.terms (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    term       text collate "C" not null,
    item_id    uuid not null,
    tf         integer not null,
    length     integer not null,
    primary key (tenant, scope_kind, scope_id, term, item_id) include (tf, length)
);
create index terms_of_item on semmem.terms (tenant, item_id);

-- What ranking knows of an event or fact beside its vector and words. An event has a place in its session, by which its
-- neighbours are found; a fact has none.
create table semmem.passages (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    item_id    uuid not null,
    item_kind  text not null check (item_kind in ('event', 'fact')),
    session    text collate "C" not null default '',
    place      integer,
    voice      text not null,
    told       boolean not null,
    at         timestamptz not null,
    long       boolean not null,
    cues       smallint not null,
    states     bytea,
    primary key (tenant, item_id)
);
alter table semmem.passages alter states set storage external;  -- they do not compress
create unique index passages_in_session on semmem.passages (tenant, scope_kind, scope_id, session, place);

-- Rows that Qdrant has yet to be made equal to; seq tells a change that came while one was being carried over.
create table semmem.index_work (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    item_id    uuid not null,
    seq        bigint generated always as identity,
    primary key (tenant, item_id)
);
create index index_work_of_scope on semmem.index_work (tenant, scope_kind, scope_id, seq);

-- What the mark in Qdrant has to say for its collection to be the one that was filled from here: `stamp`, or `next` while
-- that is being written. While it is being filled, `through` is the last change to be carried there, null until all are
-- queued; once it is whole, `changes` is how many there were when it was stamped, null if some still waited. `prefix` begins
-- the name of that collection: there is one, or processes that name others would fill theirs in turns, for ever.
create table semmem.mirror (
    one     boolean primary key default true check (one),
    prefix  text not null,
    stamp   uuid not null,
    next    uuid,
    whole   boolean not null default false,
    through bigint,
    changes bigint
);

-- What could not be extracted or embedded, or was refused: listed, replayed, never dropped.
create table semmem.dead_letters (
    tenant      text collate "C" not null,
    scope_kind  text not null,
    scope_id    text collate "C" not null,
    id          uuid not null,
    stage       text not null check (stage in ('extraction', 'draft', 'embedding')),
    reason      text not null,
    detail      text not null,
    event_ids   uuid[] not null,
    recorded_at timestamptz not null,
    replayed_at timestamptz,
    primary key (tenant, id)
);
create index dead_letters_of_scope on semmem.dead_letters (tenant, scope_kind, scope_id, recorded_at, id);

-- What changed a memory, by ids and counts only.
create table semmem.audit (
    tenant            text collate "C" not null,
    scope_kind        text not null,
    scope_id          text collate "C" not null,
    id                uuid not null default gen_random_uuid(),
    action            text not null,
    actor             text not null,
    item_ids          uuid[] not null,
    calls             integer not null default 0,
    prompt_tokens     integer not null default 0,
    completion_tokens integer not null default 0,
    at                timestamptz not null,
    primary key (tenant, id)
);
create index audit_of_scope on semmem.audit (tenant, scope_kind, scope_id, at);

create table semmem.receipts (
    tenant       text collate "C" not null,
    scope_kind   text not null,
    scope_id     text collate "C" not null,
    id           uuid not null,
    counts       jsonb not null,
    committed_at timestamptz not null,
    redis_at     timestamptz,
    qdrant_at    timestamptz,
    scrub_due    timestamptz,  -- when its bytes are to be out of the servers' files; null where these are not ours
    scrubbed_at  timestamptz,
    branches     text[] collate "C" not null default '{}',  -- the scopes of the branches that went along
    parts        uuid[] not null default '{}',  -- and their receipts
    primary key (tenant, id)
);
create index receipts_of_scope on semmem.receipts (tenant, scope_kind, scope_id, committed_at, id);
create index receipts_open on semmem.receipts (tenant, scope_kind, scope_id)
    where redis_at is null or qdrant_at is null;
create index receipts_to_scrub on semmem.receipts (tenant, scrub_due) where scrub_due is not null and scrubbed_at is null;

-- A worker says here that it lives, for as long as its lease, and what does not answer it, by the names in `degraded`.
-- No tenant, no content, no address; times are the database's.
create table semmem.workers (
    id         uuid primary key,
    started_at timestamptz not null default now(),
    beat_at    timestamptz not null default now(),
    lease      interval not null,
    silent     text[] not null default '{}'
);

-- The places below a user's or a workspace's memory. A row belongs to that root's scope; branch_id is the place's own.
create table semmem.branches (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    branch_id  text collate "C" not null,
    path       text[] collate "C" not null,
    owner      text collate "C",
    primary key (tenant, scope_kind, scope_id, branch_id)
);

-- What a caller keeps under a key of its own. Recall finds it by its event; without one it is kept and never found.
create table semmem.records (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    key        text collate "C" not null,
    seq        bigint generated always as identity,
    value      json not null,
    event_id   uuid,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    ttl        interval,
    expires_at timestamptz,
    primary key (tenant, scope_kind, scope_id, key),
    foreign key (tenant, scope_kind, scope_id) references semmem.scopes,
    foreign key (tenant, event_id) references semmem.events on delete cascade
);
create index records_in_order on semmem.records (tenant, scope_kind, scope_id, seq);
create index records_of_event on semmem.records (tenant, event_id);
create index records_expiring on semmem.records (tenant, scope_kind, scope_id, expires_at) where expires_at is not null;

-- Ends the statement of a caller that row level security does not bind: a login that a pooler gave back its own role, a
-- superuser, an owner, the sweeper.
create function semmem.refuse() returns text
language plpgsql as $$
begin
    raise exception using errcode = 'SM002', message = 'row level security does not bind this role';
end $$;

-- The setting's four parts hold until the transaction ends.
create function semmem.enter(p_tenant text, p_kinds text[], p_ids text[]) returns void
language sql as $$
    with v as (select * from unnest(p_kinds, p_ids) as v (kind, id))
    select case when current_user = 'semmem_app' and row_security_active('semmem.events'::regclass) then null
                else semmem.refuse() end,
           set_config('semmem.tenant', p_tenant, true),
           set_config('semmem.users', array(select id from v where kind = 'user')::text, true),
           set_config('semmem.workspaces', array(select id from v where kind = 'workspace')::text, true),
           set_config('semmem.branches', array(select id from v where kind = 'branch')::text, true)
$$;

-- The name under which a scope's job waits or runs, once at a time.
create function semmem.job_key(p_entrypoint text, p_tenant text, p_kind text, p_id text) returns text
language sql immutable as $$
    select p_entrypoint || ':'
        || encode(sha256(convert_to(jsonb_build_array(p_tenant, p_kind, p_id)::text, 'UTF8')), 'hex')
$$;

-- The number under which writers of a scope and the job of theirs wait for each other; it holds until commit.
create function semmem.job_lock(p_entrypoint text, p_tenant text, p_kind text, p_id text) returns bigint
language sql immutable as $$
    select hashtextextended(semmem.job_key(p_entrypoint, p_tenant, p_kind, p_id), 0)
$$;

-- Queues a scope's job unless one waits or runs. All writers share the lock until they commit; a running job gives up its
-- key, then waits for it, and so sees what they wrote when it looks a last time. No row of the queue is locked, for the
-- queue locks several of its own at once, in any order.
create function semmem.queue(
    p_entrypoint text, p_tenant text, p_kind text, p_id text, p_after interval default interval '0'
) returns void
language sql as $$
    select pg_advisory_xact_lock_shared(semmem.job_lock(p_entrypoint, p_tenant, p_kind, p_id));
    insert into semmem.pgqueuer (
        priority, status, entrypoint, dedupe_key, payload, execute_after, tenant, scope_kind, scope_id)
    values (0, 'queued', p_entrypoint, semmem.job_key(p_entrypoint, p_tenant, p_kind, p_id),
            convert_to(jsonb_build_array(p_tenant, p_kind, p_id)::text, 'UTF8'), now() + p_after, p_tenant, p_kind, p_id)
    on conflict (dedupe_key) where status in ('queued', 'picked') and dedupe_key is not null do nothing
$$;

-- Lets those who add events with keys take turns in a scope, or two would wait for each other's keys.
create function semmem.take_turn(p_tenant text, p_kind text, p_id text) returns void
language sql as $$
    select pg_advisory_xact_lock(semmem.job_lock('remember', p_tenant, p_kind, p_id))
$$;

-- Stores events and queues their work in one round trip and one transaction: its commit is the acknowledgement.
-- A key that is known answers with the first id; with another body the whole call fails, naming the event's index.
-- What another agent has reported within the window of world time is not stored again: that event gains a witness.
create function semmem.remember(
    p_tenant text, p_kind text, p_id text, p_now timestamptz, p_window interval, p_extract_after interval,
    p_events json
) returns table (id uuid, status text, seq bigint, epoch bigint)
language plpgsql as $$
#variable_conflict use_column
declare
    e record;
    known_id uuid;
    known_body bytea;
    scope_epoch bigint;
    new_seq bigint;
    any_accepted boolean := false;
begin
    perform semmem.enter(p_tenant, array[p_kind], array[p_id]);

    select s.epoch into scope_epoch from semmem.scopes s
    where s.tenant = p_tenant and s.scope_kind = p_kind and s.scope_id = p_id;
    if not found then
        insert into semmem.scopes (tenant, scope_kind, scope_id) values (p_tenant, p_kind, p_id)
        on conflict do nothing;
        scope_epoch := 0;
    end if;
    if p_window > interval '0'
        and exists (select from json_array_elements(p_events) e where e ->> 'report_hash' is not null) then
        -- Agents that report at once take turns, so that the second sees the first one's event and may change it.
        perform from semmem.scopes s
        where s.tenant = p_tenant and s.scope_kind = p_kind and s.scope_id = p_id for no key update;
    end if;
    if exists (select from json_array_elements(p_events) e where e ->> 'key' is not null) then
        perform semmem.take_turn(p_tenant, p_kind, p_id);
    end if;

    for e in
        select ordinality - 1 as index, x.*
        from rows from (json_to_recordset(p_events) as (
            id uuid, session text, role text, speaker text, agent text, agent_type text, event_type text, content text,
            importance double precision, metadata json, occurred_at timestamptz, utc_offset interval, key text,
            body_hash text, report_hash text)) with ordinality
            as x (id, session, role, speaker, agent, agent_type, event_type, content, importance, metadata,
                  occurred_at, utc_offset, key, body_hash, report_hash, ordinality)
        order by ordinality
    loop
        if e.report_hash is not null and p_window > interval '0' then
            update semmem.events ev set witnesses = ev.witnesses || e.agent
            where ev.tenant = p_tenant and ev.id = (
                select r.id from semmem.events r
                where (r.tenant, r.scope_kind, r.scope_id, r.report_hash)
                    = (p_tenant, p_kind, p_id, decode(e.report_hash, 'hex'))
                  and r.agent <> e.agent and e.agent <> all (r.witnesses)
                  and r.occurred_at > e.occurred_at - p_window and r.occurred_at < e.occurred_at + p_window
                order by r.seq limit 1)
            returning ev.id into known_id;
            if found then
                return query select known_id, 'duplicate', null::bigint, scope_epoch;
                continue;
            end if;
        end if;

        insert into semmem.events (
            tenant, scope_kind, scope_id, id, session, role, speaker, agent, agent_type, event_type, content,
            importance, metadata, occurred_at, utc_offset, recorded_at, key, body_hash, report_hash)
        values (p_tenant, p_kind, p_id, e.id, e.session, e.role, e.speaker, e.agent, e.agent_type, e.event_type,
                e.content, e.importance, e.metadata, e.occurred_at, e.utc_offset, p_now, e.key,
                decode(e.body_hash, 'hex'), decode(e.report_hash, 'hex'))
        on conflict (tenant, scope_kind, scope_id, key) do nothing
        returning events.seq into new_seq;

        if not found then
            select ev.id, ev.body_hash into known_id, known_body from semmem.events ev
            where (ev.tenant, ev.scope_kind, ev.scope_id, ev.key) = (p_tenant, p_kind, p_id, e.key);
            if known_body is distinct from decode(e.body_hash, 'hex') then
                raise exception using errcode = 'SM001', message = 'key conflict', detail = e.index::text;
            end if;
            return query select known_id, 'duplicate', null::bigint, scope_epoch;
            continue;
        end if;

        any_accepted := true;
        return query select e.id, 'accepted', new_seq, scope_epoch;
    end loop;

    if any_accepted then
        perform semmem.queue('index', p_tenant, p_kind, p_id);
        perform semmem.queue('consolidate', p_tenant, p_kind, p_id, p_extract_after);
    end if;
end $$;

-- The indexed rows of a view that pass a filter; the planner inlines it into each search.
create function semmem.matching(
    p_tenant text, p_kinds text[], p_ids text[], p_index text, p_kind text, p_agent text, p_session text,
    p_category text, p_since timestamptz, p_until timestamptz, p_importance double precision, p_superseded boolean
) returns setof semmem.vectors
language sql stable as $$
    select * from semmem.vectors
    where tenant = p_tenant and index_name = p_index
      and (scope_kind, scope_id) in (select * from unnest(p_kinds, p_ids))
      and (p_kind is null or item_kind = p_kind)
      and (p_agent is null or agent = p_agent)
      and (p_session is null or session = p_session)
      and (p_category is null or category = p_category)
      and (p_since is null or at >= p_since)
      and (p_until is null or at <= p_until)
      and importance >= p_importance
      and (current or p_superseded)
$$;

-- A view's postings of a term; inlined as well. `offset 0` keeps it a look-up of its own for each term: joined freely, and
-- before the table's statistics are known, all postings of a scope might be read.
create function semmem.postings(p_tenant text, p_kinds text[], p_ids text[], p_term text)
returns setof semmem.terms
language sql stable as $$
    select t.* from unnest(p_kinds, p_ids) as v (kind, id), semmem.terms t
    where t.tenant = p_tenant and t.scope_kind = v.kind and t.scope_id = v.id and t.term = p_term
    offset 0
$$;

-- BM25 (Robertson and Zaragoza 2009; k1 0.9, b 0.4) with the view's own statistics, and how rare each term is there (idf),
-- in rows without an item; floats, for numerics are slow. It enters the view itself: one round trip in place of four.
-- `embedder` marks items that have no vector. Rows without item or term name what the answer has to do without: `embedder`
-- where any item has none, and while no worker lives, `index` and `facts` where events wait longer than they may, with the
-- seconds that the oldest has waited.
create function semmem.lexical(
    p_tenant text, p_kinds text[], p_ids text[], p_index text, p_kind text, p_agent text, p_session text,
    p_category text, p_since timestamptz, p_until timestamptz, p_importance double precision, p_superseded boolean,
    p_terms text[], p_limit integer, p_filtered boolean, p_now timestamptz, p_index_within interval,
    p_facts_within interval
) returns table (item_id uuid, score double precision, term text, missing text)
language plpgsql set enable_seqscan = off as $$  -- old statistics would have a table read whole where few rows are sought
#variable_conflict use_column
declare
    vectors_missing boolean;
begin
    perform semmem.enter(p_tenant, p_kinds, p_ids);
    vectors_missing := exists (
        select from unnest(p_kinds, p_ids) as v (kind, id), semmem.vectors x
        where (x.tenant, x.scope_kind, x.scope_id) = (p_tenant, v.kind, v.id) and x.missing is not null);
    return query
    with collection as (
        select coalesce(sum(items), 0)::double precision as items,
               greatest(sum(terms)::double precision / greatest(sum(items), 1), 1) as mean_length
        from semmem.scopes
        where tenant = p_tenant and (scope_kind, scope_id) in (select * from unnest(p_kinds, p_ids))
    ), rarity as materialized (
        select q.term, ln(greatest(c.items, f.found) + 1) - ln(f.found + 0.5::double precision) as idf, c.mean_length
        from collection c, unnest(p_terms) as q (term),
             lateral (select count(*) as found from semmem.postings(p_tenant, p_kinds, p_ids, q.term)) f
    ), best as (
        select p.item_id, sum(
            r.idf * p.tf * 1.9::double precision
            / (p.tf + 0.9::double precision * (0.6 + 0.4::double precision * p.length / r.mean_length))) as score
        from rarity r, lateral (select * from semmem.postings(p_tenant, p_kinds, p_ids, r.term)) p
        where not p_filtered or p.item_id in (
            select m.item_id from semmem.matching(
                p_tenant, p_kinds, p_ids, p_index, p_kind, p_agent, p_session, p_category, p_since, p_until,
                p_importance, p_superseded) m
        )
        group by p.item_id
        order by score desc, p.item_id limit p_limit
    )
    select b.item_id, b.score, null, case when vectors_missing and exists (
        select from semmem.vectors x
        where x.tenant = p_tenant and x.index_name = p_index and x.item_id = b.item_id and x.missing is not null
    ) then 'embedder' end
    from best b
    union all
    select null, r.idf, r.term, null from rarity r
    order by 2 desc, 1;

    if vectors_missing then
        return query select null::uuid, 0::double precision, null, 'embedder';
    end if;
    if not exists (select from semmem.workers where beat_at > now() - lease) then
        return query
        select null::uuid, extract(epoch from p_now - w.since)::double precision, null, w.missing
        from (select min(i.recorded_at) as unindexed, min(f.recorded_at) as unextracted
              from unnest(p_kinds, p_ids) as v (kind, id)
              left join lateral (
                  select e.recorded_at from semmem.events e
                  where (e.tenant, e.scope_kind, e.scope_id) = (p_tenant, v.kind, v.id)
                    and (e.consolidated_at is null or e.indexed_at is null) and e.indexed_at is null
                  order by e.seq limit 1) i on true
              left join lateral (
                  select e.recorded_at from semmem.events e
                  where (e.tenant, e.scope_kind, e.scope_id) = (p_tenant, v.kind, v.id)
                    and (e.consolidated_at is null or e.indexed_at is null) and e.consolidated_at is null
                  order by e.seq limit 1) f on true) as oldest,
             lateral (values
                 ('index', oldest.unindexed, p_index_within), ('facts', oldest.unextracted, p_facts_within)
             ) as w (missing, since, within)
        where w.since + w.within < p_now;
    end if;
end $$;

-- Registers the vector index, unless another model's stands in the database, and answers with the one that stands. One
-- that no vector was ever made for gives way to another name. Once the dimensions are known they stay; with p_hnsw the
-- index is then built too, which only the owner of the table may.
create function semmem.ensure_index(p_name text, p_model text, p_dimensions integer, p_hnsw boolean)
returns semmem.indexes
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    standing semmem.indexes;
begin
    select * into standing from semmem.indexes;
    if not found or standing.dimensions is null and (p_dimensions is not null or p_name <> standing.name) then
        lock table semmem.indexes in share row exclusive mode;
        insert into semmem.indexes (name, model, dimensions)
        select p_name, p_model, p_dimensions where not exists (select from semmem.indexes);
        update semmem.indexes set name = p_name, model = p_model, dimensions = p_dimensions where dimensions is null;
        select * into standing from semmem.indexes;
    end if;
    if p_hnsw and standing.name = p_name and standing.dimensions is not null then
        execute format(
            'create index if not exists %I on semmem.vectors using hnsw ((vector::public.vector(%s)) vector_cosine_ops)
             where index_name = %L',
            'vectors_hnsw_' || left(md5(p_name), 16), standing.dimensions, p_name);
    end if;
    return standing;
end $$;

-- Gives the planner statistics of tables that were never analysed, or are ten times as large as they were. Autovacuum comes
-- once a minute; until then a table passes for tiny, rows are sought by their tenant alone, and each batch of a first import
-- reads all before it.
create function semmem.analyse_new() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    new regclass;
begin
    for new in
        select oid from pg_class
        where relnamespace = 'semmem'::regnamespace and relkind = 'r' and pg_relation_size(oid) >
            case when reltuples < 0 then 0 else 10 * greatest(relpages, 1) * current_setting('block_size')::bigint end
        order by oid
    loop
        execute format('analyze (skip_locked) %s', new);
    end loop;
end $$;

-- ANALYZE copies values into pg_statistic, where they outlive their rows: a table that was emptied keeps its last sample.
-- So no column is sampled that may hold a caller's words, or numbers made of them; what is left are names of our own,
-- ids and times. (Addresses remain in receipts anyway.)
do $$
declare
    told record;
begin
    for told in
        select c.oid::regclass as name, a.attname as field
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
        where c.relnamespace = 'semmem'::regnamespace and c.relkind = 'r'
          and exists (select from pg_attribute t where t.attrelid = c.oid and t.attname = 'tenant')
          and format_type(a.atttypid, null) in ('text', 'text[]', 'bytea', 'json', 'jsonb', 'vector', 'public.vector')
          and a.attname not in ('tenant', 'scope_kind', 'scope_id', 'item_kind', 'role', 'trust', 'precision', 'stage')
    loop
        execute format('alter table %s alter column %I set statistics 0', told.name, told.field);
    end loop;
end $$;
