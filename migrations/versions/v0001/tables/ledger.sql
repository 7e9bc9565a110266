-- What went wrong, what changed and what went, by ids and counts; and who works.
-- Every table with a tenant starts each key with it, and says in (scope_kind, scope_id) where in it; guard puts it there.

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
    scrub_due    timestamptz,  -- when its bytes are to be out of the servers' files; null where these are not ours
    scrubbed_at  timestamptz,
    branches     text[] collate "C" not null default '{}',  -- the scopes of the branches that went along
    parts        uuid[] not null default '{}',  -- and their receipts
    primary key (tenant, id)
);
select semmem.guard('semmem.receipts');
create index receipts_of_scope on semmem.receipts (tenant, scope_kind, scope_id, committed_at, id);
create index receipts_to_scrub on semmem.receipts (tenant, scrub_due) where scrub_due is not null and scrubbed_at is null;

-- The stores beside Postgres that this installation has: each process names its own before it puts anything there. Who
-- forgets opens a row of the receipt for each of them, whatever that process has itself.
create table semmem.followers (
    store    text primary key,  -- qdrant, or redis: and the prefix of its keys
    named_at timestamptz not null default now()
);
grant select, insert, update, delete on semmem.followers to semmem_app;

-- When each of them was clean of what a receipt speaks for; null until a process that has the store says so.
create table semmem.receipt_stores (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    receipt_id uuid not null,
    store      text not null,
    done_at    timestamptz,
    primary key (tenant, receipt_id, store),
    foreign key (tenant, receipt_id) references semmem.receipts on delete cascade
);
select semmem.guard(
    'semmem.receipt_stores',
    p_changing => '{done_at}',
    p_swept => '{tenant, scope_kind, scope_id, store, done_at}');
create index receipt_stores_open on semmem.receipt_stores (tenant, scope_kind, scope_id, store) where done_at is null;

-- A worker says here that it lives, for as long as its lease, what does not answer it, by the names in `degraded`, and which
-- of the followers it has. No tenant, no content, no address; times are the database's.
create table semmem.workers (
    id         uuid primary key,
    started_at timestamptz not null default now(),
    beat_at    timestamptz not null default now(),
    lease      interval not null,
    silent     text[] not null default '{}',
    stores     text[] not null default '{}'
);
grant select, insert, update, delete on semmem.workers to semmem_app;
