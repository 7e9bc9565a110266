-- named: the stores beside Postgres that the installation has
select store from semmem.followers order by store;

-- keep: nobody names or retires a store until this transaction ends; a backup may read on
lock table semmem.followers in row share mode;

-- alone: whoever forgets has ended, and who forgets next sees what is changed here
lock table semmem.followers in exclusive mode;

-- name: the stores that a process has
insert into semmem.followers (store) select unnest(:stores::text[]) on conflict (store) do nothing;

-- retire: no receipt waits for it from now on
delete from semmem.followers where store = :store;

-- retire_mirror: what comes back later under its name is filled from nothing
delete from semmem.mirror;

-- waiting: how many receipts wait for each store, in all tenants
select store, count(*) from semmem.receipt_stores where done_at is null group by store order by store;

-- scopes_waiting: whose receipts wait for a store; addresses only
select distinct tenant, scope_kind, scope_id from semmem.receipt_stores where store = :store and done_at is null;

-- scopes_unmirrored: where something waits to be carried to Qdrant; addresses only
select distinct tenant, scope_kind, scope_id from semmem.index_work;

-- strike: the receipts of a scope do not name it any more, as far as they wait for it
delete from semmem.receipt_stores
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and store = :store and done_at is null;

-- strike_work: nothing of a scope is carried any more
delete from semmem.index_work where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);
