-- acquire: all of these locks or none
select * from semmem.acquire_locks(:tenant, :kind, :id, :now, :agent, :names::text[], :ttl);

-- renew: until when they are held from here on
select semmem.renew_locks(:tenant, :kind, :id, :names::text[], :token, :ttl);

-- release: those that are still this holder's
delete from semmem.locks
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and name = any (:names::text[]) and token = :token;

-- check: refuses a holder whose locks are its own no more; behind a write that holds the head
select semmem.check_locks(:tenant, :kind, :id, :names::text[], :token);
