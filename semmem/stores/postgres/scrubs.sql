-- alone: until the session ends
select pg_try_advisory_lock(hashtextextended('semmem scrub', 0));

-- unscrubbed: the receipts whose bytes are still in the servers' files; ready are those that the stores have followed
select count(*), min(scrub_due) as due,
       min(scrub_due) filter (where not exists (
           select from semmem.receipt_stores s where s.tenant = r.tenant and s.receipt_id = r.id and s.done_at is null
       )) as ready
from semmem.receipts r where scrub_due is not null and scrubbed_at is null;

-- ready: all of these
select tenant, scope_kind, scope_id, id from semmem.receipts r
where scrub_due is not null and scrubbed_at is null and not exists (
    select from semmem.receipt_stores s where s.tenant = r.tenant and s.receipt_id = r.id and s.done_at is null
);

-- close: the files hold nothing of these any more
update semmem.receipts set scrubbed_at = :now where tenant = :tenant and id = any (:receipts::uuid[]);
