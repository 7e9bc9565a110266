-- What finds both, and what Qdrant is made equal to.
-- Every table with a tenant starts each key with it, and says in (scope_kind, scope_id) where in it; guard puts it there.

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
