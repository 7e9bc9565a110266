-- Threads of graphs, and what is kept of each so that a run of it goes on where the last one was. Values are bytes of the
-- framework's own serializer.

-- A thread's graph, or one of the graphs inside it, by its namespace. Whoever writes to it holds the row until the commit.
-- Its owner is the run that wrote last, by an id of the run's own, and each write is a turn: a run that had read it before
-- another one wrote is known by that, and writes nothing any more.
create table semmem.threads (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    thread     text collate "C" not null,
    namespace  text collate "C" not null,
    owner      uuid not null,
    turn       bigint not null default 1,
    primary key (tenant, scope_kind, scope_id, thread, namespace)
) with (fillfactor = 70);
select semmem.guard('semmem.threads', p_changing => '{owner, turn}');

-- The version of each channel stands beside the body, so that values are found, and missed, without the serializer.
create table semmem.thread_checkpoints (
    tenant        text collate "C" not null,
    scope_kind    text not null,
    scope_id      text collate "C" not null,
    thread        text collate "C" not null,
    namespace     text collate "C" not null,
    checkpoint    text collate "C" not null,  -- ids rise with time
    parent        text collate "C",
    run           text collate "C",
    channels      text[] collate "C" not null,
    versions      text[] collate "C" not null,  -- of the channels, one each
    body_type     text not null,
    body          bytea not null,
    metadata_type text not null,
    metadata      bytea not null,
    primary key (tenant, scope_kind, scope_id, thread, namespace, checkpoint),
    foreign key (tenant, scope_kind, scope_id, thread, namespace) references semmem.threads on delete cascade
);
create index thread_checkpoints_of_run on semmem.thread_checkpoints (tenant, scope_kind, scope_id, run)
    where run is not null;
select semmem.guard('semmem.thread_checkpoints');

-- A channel's value in one of its versions, which many checkpoints share.
create table semmem.thread_values (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    thread     text collate "C" not null,
    namespace  text collate "C" not null,
    channel    text collate "C" not null,
    version    text collate "C" not null,
    value_type text not null,
    value      bytea not null,
    primary key (tenant, scope_kind, scope_id, thread, namespace, channel, version),
    foreign key (tenant, scope_kind, scope_id, thread, namespace) references semmem.threads on delete cascade
);
select semmem.guard('semmem.thread_values');

-- What tasks of a step wrote behind a checkpoint. They may come before the checkpoint does.
create table semmem.thread_writes (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    thread     text collate "C" not null,
    namespace  text collate "C" not null,
    checkpoint text collate "C" not null,
    task       text collate "C" not null,
    ordinal    integer not null,  -- below 0 for what a task has one of, such as its error
    task_path  text collate "C" not null,
    channel    text collate "C" not null,
    value_type text not null,
    value      bytea not null,
    primary key (tenant, scope_kind, scope_id, thread, namespace, checkpoint, task, ordinal),
    foreign key (tenant, scope_kind, scope_id, thread, namespace) references semmem.threads on delete cascade
);
select semmem.guard('semmem.thread_writes');
