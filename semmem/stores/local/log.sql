-- make_classes: what updates have to say of the fields of their class, once each; where there is the other table there is
-- this one
create table if not exists classes (
    digest text primary key,
    body   text not null
);

-- make: one row an event, as its caller gave it, or an update of the state, which has a class; `key` is the event's own, or
-- one of ours, so that replaying it twice stores it once
create table if not exists kept (
    position   integer primary key autoincrement,
    tenant     text not null,
    root_kind  text not null,
    root_id    text not null,
    path       text not null,
    owner      text,
    scope_kind text not null,
    scope_id   text not null,
    id         text not null,
    key        text not null,
    at         text not null,
    body       text not null,
    body_hash  blob not null,
    refused    text,
    class      text
);

-- make_index: a key is kept once
create unique index if not exists kept_once on kept (tenant, scope_kind, scope_id, key);

-- columns: of a file that a process of before may have made
select name from pragma_table_info('kept');

-- add_class: what such a file lacks
alter table kept add column class text;

-- keep_class: one class
insert into classes (digest, body) values (:digest, :body) on conflict do nothing;

-- class: of an update
select body from classes where digest = :digest;

-- drop_classes: those of which nothing is kept any more
delete from classes where digest not in (select class from kept where class is not null);

-- known: what is kept under a key
select id, body_hash from kept where (tenant, scope_kind, scope_id, key) = (:tenant, :scope_kind, :scope_id, :key);

-- keep: one event, or update
insert into kept (tenant, root_kind, root_id, path, owner, scope_kind, scope_id, id, key, at, body, body_hash, class)
values (
    :tenant, :root_kind, :root_id, :path, :owner, :scope_kind, :scope_id, :id, :key, :at, :body, :body_hash, :state_class);

-- oldest: what waits, in order
select * from kept where refused is null and position > :after order by position limit :limit;

-- settle: it is in Postgres, or is not wanted any more
delete from kept where position = :position;

-- refuse: Postgres will not have it
update kept set refused = :reason where position = :position;

-- of_root: all below a user or a workspace
select * from kept where (tenant, root_kind, root_id) = (:tenant, :root_kind, :root_id) order by position;

-- waiting: how many wait, by scope
select tenant, scope_kind, scope_id, count(*) as number from kept where refused is null
group by tenant, scope_kind, scope_id;

-- counts: what waits and what was refused, of a scope or of all
select count(*) filter (where refused is null and class is null) as events,
       count(*) filter (where refused is null and class is not null) as changes, coalesce(sum(length(cast(body as blob))), 0) as bytes,
       min(at) filter (where refused is null) as oldest, count(*) filter (where refused is not null) as refused
from kept where :tenant is null or (tenant, scope_kind, scope_id) = (:tenant, :scope_kind, :scope_id);

-- reasons: why it was refused, of a scope or of all
select distinct refused from kept
where refused is not null and (:tenant is null or (tenant, scope_kind, scope_id) = (:tenant, :scope_kind, :scope_id))
order by refused limit :limit;
