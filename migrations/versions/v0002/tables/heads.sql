-- The last position of each scope's log. Whoever writes to a log holds the row until the commit, so positions are given
-- in the order of commits, and what aborts takes its own back: what can be seen is always 1 to head, but for what was
-- forgotten. It is no column of `scopes`, which consolidation and erasure hold for long.
create table semmem.heads (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    head       bigint not null,
    floor      bigint not null default 0,  -- up to here the log was taken out of the database
    primary key (tenant, scope_kind, scope_id)
) with (fillfactor = 50);  -- each write changes a row, which finds room on its own page
