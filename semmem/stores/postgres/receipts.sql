-- write: what went
insert into semmem.receipts (tenant, scope_kind, scope_id, id, counts, committed_at, scrub_due)
values (:tenant, :kind, :id, :receipt, :counts, :now, :scrub_due);

-- open: every store that the installation has must follow
insert into semmem.receipt_stores (tenant, scope_kind, scope_id, receipt_id, store)
select :tenant, :kind, :id, :receipt, store from semmem.followers
returning store;

-- join: a place's receipt speaks for those of the branches that went along
update semmem.receipts set counts = :counts, branches = :branches, parts = :parts
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and id = :receipt;

-- receipt: one of the scope's
select * from semmem.receipts where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and id = :receipt;

-- receipts: newest first, below one of them
select * from semmem.receipts
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)
  and (:before::uuid is null or (committed_at, id) < (
    select c.committed_at, c.id from semmem.receipts c
    where (c.tenant, c.scope_kind, c.scope_id, c.id) = (:tenant, :kind, :id, :before)
  ))
order by committed_at desc, id desc limit :limit;

-- stores: which of them have followed these receipts, and when
select receipt_id, store, done_at from semmem.receipt_stores
where tenant = :tenant and receipt_id = any (:receipts::uuid[]) order by store;

-- scrubbed: since when the files are clean of all these; null while they are not of one
select case when bool_and(scrubbed_at is not null) then max(scrubbed_at) end
from semmem.receipts where tenant = :tenant and id = any (:receipts::uuid[]);

-- waiting: the receipts of what a store may still hold
select receipt_id from semmem.receipt_stores
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and store = :store and done_at is null;

-- close: a store has followed these
update semmem.receipt_stores set done_at = :now
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)
  and receipt_id = any (:receipts::uuid[]) and store = :store and done_at is null;
