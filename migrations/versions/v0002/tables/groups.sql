-- Consumer groups: each event of a group's types is handed to one of its consumers.
create table semmem.groups (
    tenant      text collate "C" not null,
    scope_kind  text not null,
    scope_id    text collate "C" not null,
    name        text collate "C" not null,
    event_types text[] collate "C" not null,  -- none of them: all
    ordered     boolean not null,  -- one is settled before the next is handed out
    claimed     bigint not null,  -- up to here all that is the group's was handed out
    primary key (tenant, scope_kind, scope_id, name)
);
select semmem.guard('semmem.groups', p_changing => '{claimed}');

-- What is handed out and not settled. The lease is of one handing out; whoever holds a later one has taken it over.
create table semmem.deliveries (
    tenant       text collate "C" not null,
    scope_kind   text not null,
    scope_id     text collate "C" not null,
    group_name   text collate "C" not null,
    position     bigint not null,
    event_id     uuid not null,
    consumer     text collate "C" not null,
    lease        uuid not null,
    leased_until timestamptz not null,
    attempts     integer not null default 1,
    dead         boolean not null default false,  -- handed out too often
    primary key (tenant, scope_kind, scope_id, group_name, position),
    foreign key (tenant, scope_kind, scope_id, group_name) references semmem.groups on delete cascade,
    foreign key (tenant, event_id) references semmem.events on delete cascade
);
create index deliveries_of_event on semmem.deliveries (tenant, event_id);
select semmem.guard('semmem.deliveries', p_changing => '{consumer, lease, leased_until, attempts, dead}');
