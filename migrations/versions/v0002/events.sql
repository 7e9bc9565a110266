-- The lock lasts for one count of all events. Nobody is writing one now, so those without a position are the ones before
-- this revision, and each scope's head leaves room for its own; the trigger gives one to all that come.
alter table semmem.events add position bigint, no force row level security;
insert into semmem.heads (tenant, scope_kind, scope_id, head)
select tenant, scope_kind, scope_id, count(*) from semmem.events group by tenant, scope_kind, scope_id;
alter table semmem.events force row level security;
select semmem.guard('semmem.heads', p_swept => '{tenant, scope_kind, scope_id, head}');

create trigger take_position before insert on semmem.events
    for each row when (new.position is null) execute function semmem.take_position();
