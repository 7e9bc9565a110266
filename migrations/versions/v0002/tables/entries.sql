-- What a scope's log holds beside events, a row for each. An event is an entry by its own position, so that it costs one
-- row; every position is an event's or an entry's, or its event was forgotten.
create table semmem.entries (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    position   bigint not null,
    kind       text not null check (kind <> 'event'),
    agent      text collate "C",  -- whose doing it is
    subject    text collate "C",  -- what it is about, by its name: a lock's, a checkpoint's
    fields     text[] collate "C" not null default '{}',  -- of the state, which it changes
    items      uuid[] not null default '{}',  -- what it is about, by id: the events that were forgotten
    detail     jsonb not null default '{}',  -- what else its kind says
    at         timestamptz not null,
    primary key (tenant, scope_kind, scope_id, position)
);
select semmem.guard('semmem.entries', p_changing => '{}');
