-- Every table below but three holds one tenant's rows, starts each key with the tenant, and says in (scope_kind, scope_id)
-- where in it; guard puts it under its tenants.

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
select semmem.guard('semmem.scopes', p_swept => '{tenant, scope_kind, scope_id}');

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
select semmem.guard(
    'semmem.events',
    p_changing => '{indexed_at, consolidated_at, witnesses}',
    p_swept => '{tenant, scope_kind, scope_id, recorded_at, indexed_at, consolidated_at}');
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
select semmem.guard('semmem.facts', p_swept => '{tenant, scope_kind, scope_id, indexed_at}');
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
select semmem.guard('semmem.fact_sources');
create index fact_sources_of_event on semmem.fact_sources (tenant, event_id);

-- A fact with the events it rests on and their quotes; read with the caller's rights, so that row security holds.
create view semmem.sourced_facts with (security_invoker) as
select f.*, s.event_ids, s.quotes
from semmem.facts f,
lateral (
    select array_agg(event_id order by event_id) as event_ids, array_agg(quote order by event_id) as quotes
    from semmem.fact_sources where tenant = f.tenant and fact_id = f.id
) s;
grant select on semmem.sourced_facts to semmem_app;

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
select semmem.guard('semmem.retractions');

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
select semmem.guard('semmem.summaries', p_swept => '{tenant, scope_kind, scope_id, recorded_at}');
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
select semmem.guard('semmem.summary_sources');
create index summary_sources_of_event on semmem.summary_sources (tenant, event_id);

-- The embedding model in use; its dimensions are known from its first vector on.
create table semmem.indexes (
    name       text primary key,
    model      text not null,
    dimensions integer check (dimensions between 1 and 16000),
    made_at    timestamptz not null default now()
);
grant select, insert, update, delete on semmem.indexes to semmem_app;

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
select semmem.guard('semmem.vectors', p_swept => '{tenant, scope_kind, scope_id, index_name, item_id, missing}');
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
select semmem.guard('semmem.terms');
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
select semmem.guard('semmem.passages');
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
select semmem.guard('semmem.index_work', p_swept => '{tenant, scope_kind, scope_id, item_id, seq}');
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
grant select, insert, update, delete on semmem.mirror to semmem_app;

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
select semmem.guard('semmem.dead_letters', p_swept => '{tenant, scope_kind, scope_id, stage, replayed_at}');
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
select semmem.guard('semmem.audit', p_changing => '{}');
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
select semmem.guard('semmem.receipts', p_swept => '{tenant, scope_kind, scope_id, committed_at, redis_at, qdrant_at}');
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
grant select, insert, update, delete on semmem.workers to semmem_app;

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
select semmem.guard('semmem.branches', p_swept => '{tenant, scope_kind, scope_id, branch_id}');

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
select semmem.guard('semmem.records', p_swept => '{tenant, scope_kind, scope_id, expires_at}');
create index records_in_order on semmem.records (tenant, scope_kind, scope_id, seq);
create index records_of_event on semmem.records (tenant, event_id);
create index records_expiring on semmem.records (tenant, scope_kind, scope_id, expires_at) where expires_at is not null;
