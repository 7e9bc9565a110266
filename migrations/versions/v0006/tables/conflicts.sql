-- How often agents met in a field of the state, since it was declared. It is no column of `fields`, whose rows functions of
-- older releases hand on as they know them.
create table semmem.conflicts (
    tenant     text collate "C" not null,
    scope_kind text not null,
    scope_id   text collate "C" not null,
    field      text collate "C" not null,
    reduced    bigint not null default 0,  -- updates that had not seen another agent's, and were reduced all the same
    refused    bigint not null default 0,  -- updates that raised Conflict
    primary key (tenant, scope_kind, scope_id, field),
    foreign key (tenant, scope_kind, scope_id, field) references semmem.fields on delete cascade
) with (fillfactor = 50);
select semmem.guard('semmem.conflicts', p_changing => '{reduced, refused}');
