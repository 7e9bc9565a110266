-- read: what the mirror's mark has to say, and how far its filling has come
select prefix, stamp, next, whole, through, changes from semmem.mirror;

-- begin: a filling from nothing
insert into semmem.mirror (prefix, stamp) values (:prefix, :stamp)
on conflict (one) do update
set prefix = excluded.prefix, stamp = excluded.stamp, next = null, whole = false, through = null, changes = null;

-- queued: all that has to be carried is queued
update semmem.mirror set through = :through where stamp = :stamp and not whole;

-- complete: all of it was carried
update semmem.mirror set whole = true, next = null, through = null, changes = null where stamp = :stamp;

-- announce: the stamp that is about to be written
update semmem.mirror set next = :stamp;

-- stamped: it was written
update semmem.mirror set stamp = :stamp, next = null, changes = :changes;

-- changes: how many were ever noted; the number of the last one
select coalesce(pg_sequence_last_value('semmem.index_work_seq_seq'), 0);

-- last_change: of those that wait
select coalesce(max(seq), 0) from semmem.index_work;

-- waits: whether any change up to this one waits
select exists (select from semmem.index_work where seq <= :through);

-- waiting: how many changes up to this one wait
select count(*) from semmem.index_work where seq <= :through;

-- size: how many points there should be, of everything, of a tenant, or of some scopes of a tenant
select count(*) from semmem.vectors
where missing is null and (:tenant::text is null or tenant = :tenant)
  and (:kinds::text[] is null or (scope_kind, scope_id) in (select * from unnest(:kinds::text[], :ids::text[])));

-- any_vector: whether there is anything to mirror
select exists (select from semmem.vectors where missing is null);

-- scopes: a page of them, of all tenants or of one; addresses only
select tenant, scope_kind, scope_id from semmem.scopes
where (:tenant::text is null or tenant = :tenant)
  and (:after_tenant::text is null
       or (tenant, scope_kind, scope_id) > (:after_tenant, :after_kind::text, :after_id::text))
order by tenant, scope_kind, scope_id limit :limit;

-- requeue: everything of a scope; anew where it waits, for who carries it now may be writing to what was thrown away
insert into semmem.index_work (tenant, scope_kind, scope_id, item_id)
select tenant, scope_kind, scope_id, item_id from semmem.vectors
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and vector is not null
on conflict (tenant, item_id) do update set seq = default;
