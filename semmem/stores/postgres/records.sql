-- lock: makes the scope's row where it is the first write, so that two writers of one key take turns
insert into semmem.scopes as s (tenant, scope_kind, scope_id) values (:tenant, :kind, :id)
on conflict (tenant, scope_kind, scope_id) do update set epoch = s.epoch;

-- replaced: what stands under these keys, and whether its time is over
select key, event_id, coalesce(expires_at <= :now, false) as expired from semmem.records
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and key = any (:keys::text[]);

-- loosen: lets go of the events of earlier values, so that forgetting them leaves the records
update semmem.records set event_id = null
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and key = any (:keys::text[]);

-- delete: records by key
delete from semmem.records where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and key = any (:keys::text[]);

-- write: a replaced record keeps its place and the time it was made
insert into semmem.records
    (tenant, scope_kind, scope_id, key, value, event_id, created_at, updated_at, ttl, expires_at)
select :tenant, :kind, :id, r.key, r.value, r.event_id, :now, :now, make_interval(secs => r.ttl),
       :now::timestamptz + make_interval(secs => r.ttl)
from rows from (json_to_recordset(:rows) as (key text, value json, event_id uuid, ttl double precision)) with ordinality
    as r (key, value, event_id, ttl, ordinality)
order by r.ordinality
on conflict (tenant, scope_kind, scope_id, key) do update
set value = excluded.value, event_id = excluded.event_id, updated_at = excluded.updated_at,
    ttl = excluded.ttl, expires_at = excluded.expires_at
returning *;

-- refresh: a read starts the time to live of what it answers with again
update semmem.records set expires_at = :now::timestamptz + ttl
where tenant = :tenant and expires_at > :now
  and (scope_kind, scope_id, key) in (select * from unnest(:of_kinds::text[], :of_ids::text[], :keys::text[]));

-- get: one that has not expired
select * from semmem.records
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and key = :key
  and (expires_at is null or expires_at > :now);

-- named: records of a view by their keys
select r.* from unnest(:kinds::text[], :ids::text[]) as v (kind, id)
join semmem.records r on (r.tenant, r.scope_kind, r.scope_id) = (:tenant, v.kind, v.id) and r.key = any (:keys::text[])
where r.expires_at is null or r.expires_at > :now
order by r.seq;

-- place: where a record stands in the order they were first put; another one under its key, made later, stands elsewhere
select seq from semmem.records
where (tenant, scope_kind, scope_id, key) = (:tenant, :of_kind, :of_id, :key) and created_at = :created_at;

-- find: records of a view in the order they were first put, behind one of them
select * from semmem.records
where tenant = :tenant and (scope_kind, scope_id) in (select * from unnest(:kinds::text[], :ids::text[]))
  and (expires_at is null or expires_at > :now) and (:matching::jsonb is null or value::jsonb @> :matching)
  and (:path::text is null or jsonb_path_match(value::jsonb, :path::text::jsonpath, :operands::jsonb, true))
  and seq > :after
order by seq limit :limit offset :offset;

-- of_events: the records that these events stand for
select * from semmem.records
where tenant = :tenant and (scope_kind, scope_id) in (select * from unnest(:kinds::text[], :ids::text[]))
  and (expires_at is null or expires_at > :now) and event_id = any (:events::uuid[]);
