-- What was said, and where.
-- Every table with a tenant starts each key with it, and says in (scope_kind, scope_id) where in it; guard puts it there.

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
