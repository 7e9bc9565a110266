-- What agents share: a scope's state, the locks on it, and its checkpoints.

-- A piece of a field, for as long as it held: from from_position to just before to_position of the scope's log. The piece
-- is '' for a single value, a key of a mapping, the place of an item in its list, or the hash of a member of a set; shape
-- says which. Nothing but to_position ever changes, so what held at a position can be read for ever.
create table semmem.state (
    tenant        text collate "C" not null,
    scope_kind    text not null,
    scope_id      text collate "C" not null,
    field         text collate "C" not null,
    piece         text collate "C" not null,
    from_position bigint not null,
    to_position   bigint check (to_position > from_position),
    shape         text not null check (shape in ('single', 'items', 'keys', 'members')),
    value         jsonb not null,
    confidence    double precision not null check (confidence between 0 and 1),
    agent         text collate "C",  -- who told it
    told_at       timestamptz not null,  -- when it was seen, in the world
    recorded_at   timestamptz not null,
    primary key (tenant, scope_kind, scope_id, field, piece, from_position)
) with (fillfactor = 85);
select semmem.guard('semmem.state', p_changing => '{to_position}');
create unique index state_current on semmem.state (tenant, scope_kind, scope_id, field, piece) where to_position is null;
create index state_ended on semmem.state (tenant, scope_kind, scope_id, to_position) where to_position is not null;

-- What a field is, as its class declares it, and who changed it last. Whoever writes the field holds the scope's head.
create table semmem.fields (
    tenant         text collate "C" not null,
    scope_kind     text not null,
    scope_id       text collate "C" not null,
    field          text collate "C" not null,
    version        integer not null check (version >= 1),  -- of the declaration that it is a part of
    digest         text not null,
    declared_at    bigint not null,  -- the position from which on it is so
    reducer        text not null,
    shape          text not null check (shape in ('single', 'items', 'keys', 'members')),
    refuses        boolean not null,  -- a write that had not seen another agent's last change
    keep           integer,  -- the items that a list keeps at most
    readers        text[] collate "C",  -- the roles that may; null is everybody
    writers        text[] collate "C",
    pieces         bigint not null default 0,  -- that a list, a mapping or a set holds now
    changed_at     bigint not null default 0,  -- the position of the last change, and whose it is
    changed_by     text collate "C",
    changed_before bigint not null default 0,  -- of the last one by anybody else
    before_by      text collate "C",
    primary key (tenant, scope_kind, scope_id, field)
) with (fillfactor = 50);
select semmem.guard('semmem.fields');

-- Who may write at all, by name. The token is a position of the log, so a later holder's is always higher.
create table semmem.locks (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    name       text collate "C" not null,
    token      bigint not null,
    holder     text collate "C",
    held_until timestamptz not null,  -- by the server's clock
    primary key (tenant, scope_kind, scope_id, name)
) with (fillfactor = 50);
select semmem.guard('semmem.locks');

create table semmem.checkpoints (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    name       text collate "C" not null,
    position   bigint not null,
    digest     bytea not null,
    agent      text collate "C",
    at         timestamptz not null,
    pinned     boolean not null,
    primary key (tenant, scope_kind, scope_id, name)
);
select semmem.guard('semmem.checkpoints', p_changing => '{pinned}');
