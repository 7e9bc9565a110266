-- retractions: what is not to be drawn from these events again
select event_id, statement_hash, quote from semmem.retractions
where tenant = :tenant and event_id = any (:events::uuid[]);
