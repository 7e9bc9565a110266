-- lock: makes the scope's row where it is the first write, so that two writers of one key take turns
insert into semmem.scopes as s (tenant, scope_kind, scope_id) values ($1, $2, $3)
on conflict (tenant, scope_kind, scope_id) do update set epoch = s.epoch;

-- replaced: what stands under these keys, and whether its time is over
select key, event_id, coalesce(expires_at <= $5, false) as expired from semmem.records
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and key = any ($4::text[]);

-- loosen: lets go of the events of earlier values, so that forgetting them leaves the records
update semmem.records set event_id = null
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and key = any ($4::text[]);

-- delete: records by key
delete from semmem.records where (tenant, scope_kind, scope_id) = ($1, $2, $3) and key = any ($4::text[]);

-- write: a replaced record keeps its place and the time it was made
insert into semmem.records
    (tenant, scope_kind, scope_id, key, value, event_id, created_at, updated_at, ttl, expires_at)
select $1, $2, $3, r.key, r.value, r.event_id, $4, $4, make_interval(secs => r.ttl),
       $4::timestamptz + make_interval(secs => r.ttl)
from rows from (json_to_recordset($5) as (key text, value json, event_id uuid, ttl double precision)) with ordinality
    as r (key, value, event_id, ttl, ordinality)
order by r.ordinality
on conflict (tenant, scope_kind, scope_id, key) do update
set value = excluded.value, event_id = excluded.event_id, updated_at = excluded.updated_at,
    ttl = excluded.ttl, expires_at = excluded.expires_at
returning *;

-- refresh: a read starts the time to live of what it answers with again
update semmem.records set expires_at = $5::timestamptz + ttl
where tenant = $1 and expires_at > $5
  and (scope_kind, scope_id, key) in (select * from unnest($2::text[], $3::text[], $4::text[]));

-- get: one that has not expired
select * from semmem.records
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and key = $4 and (expires_at is null or expires_at > $5);

-- named: records of a view by their keys
select r.* from unnest($2::text[], $3::text[]) as v (kind, id)
join semmem.records r on (r.tenant, r.scope_kind, r.scope_id) = ($1, v.kind, v.id) and r.key = any ($5::text[])
where r.expires_at is null or r.expires_at > $4
order by r.seq;

-- place: where a record stands in the order they were first put
select seq from semmem.records where (tenant, scope_kind, scope_id, key) = ($1, $2, $3, $4);

-- find: records of a view in the order they were first put, behind one of them
select * from semmem.records
where tenant = $1 and (scope_kind, scope_id) in (select * from unnest($2::text[], $3::text[]))
  and (expires_at is null or expires_at > $4) and ($5::jsonb is null or value::jsonb @> $5) and seq > $8
order by seq limit $6 offset $7;

-- of_events: the records that these events stand for
select * from semmem.records
where tenant = $1 and (scope_kind, scope_id) in (select * from unnest($2::text[], $3::text[]))
  and (expires_at is null or expires_at > $4) and event_id = any ($5::uuid[]);
