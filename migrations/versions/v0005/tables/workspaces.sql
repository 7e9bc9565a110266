-- What agents work on together in a place: the task, those who take part, and what they ask. Whoever writes any of it
-- holds the scope's head.

-- The last task that was begun there. Earlier ones are entries of the log.
create table semmem.workspaces (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    task       text not null,
    position   bigint not null,  -- of its beginning
    begun_at   timestamptz not null,
    begun_by   text collate "C",
    ended_at   timestamptz,
    status     text,  -- what it ended with
    primary key (tenant, scope_kind, scope_id)
);
select semmem.guard('semmem.workspaces');

-- Who takes part, and the last that each has said of its work.
create table semmem.roster (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    agent      text collate "C" not null,
    work_role  text collate "C" not null,  -- such as a researcher's
    invited    boolean not null,  -- named where the work began; where anybody is, nobody else takes part
    status     text,
    detail     text,
    told_at    timestamptz,
    until      timestamptz,
    primary key (tenant, scope_kind, scope_id, agent)
) with (fillfactor = 50);
select semmem.guard('semmem.roster');

create table semmem.questions (
    tenant      text collate "C" not null,
    scope_kind  text not null,
    scope_id    text collate "C" not null,
    id          uuid not null,
    key         text collate "C",  -- under which its agent asks it once
    agent       text collate "C" not null,  -- who asks
    asked       text collate "C" not null,  -- who may answer: human, an agent, or all of a role
    question    text not null,
    options     text[] not null,
    position    bigint not null,
    asked_at    timestamptz not null,
    until       timestamptz not null,
    choice      text,
    answered_by text collate "C",
    answered_at timestamptz,
    received_at timestamptz,  -- when its agent was told the answer
    closed_at   timestamptz,  -- when it was over without one
    primary key (tenant, scope_kind, scope_id, id)
);
create unique index question_of_key on semmem.questions (tenant, scope_kind, scope_id, agent, key) where key is not null;
create index questions_in_order on semmem.questions (tenant, scope_kind, scope_id, position);
select semmem.guard(
    'semmem.questions', p_changing => '{choice, answered_by, answered_at, received_at, closed_at}');
