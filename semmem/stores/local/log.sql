-- make: one row an event, as its caller gave it; `key` is its own, or one of ours, so that replaying it twice stores it once
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
    refused    text
);

-- make_index: a key is kept once
create unique index if not exists kept_once on kept (tenant, scope_kind, scope_id, key);

-- known: what is kept under a key
select id, body_hash from kept where (tenant, scope_kind, scope_id, key) = (:tenant, :scope_kind, :scope_id, :key);

-- keep: one event
insert into kept (tenant, root_kind, root_id, path, owner, scope_kind, scope_id, id, key, at, body, body_hash)
values (:tenant, :root_kind, :root_id, :path, :owner, :scope_kind, :scope_id, :id, :key, :at, :body, :body_hash);

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
select count(*) filter (where refused is null) as events, coalesce(sum(length(cast(body as blob))), 0) as bytes,
       min(at) filter (where refused is null) as oldest, count(*) filter (where refused is not null) as refused
from kept where :tenant is null or (tenant, scope_kind, scope_id) = (:tenant, :scope_kind, :scope_id);
