-- What was drawn from it.
-- Every table with a tenant starts each key with it, and says in (scope_kind, scope_id) where in it; guard puts it there.

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
