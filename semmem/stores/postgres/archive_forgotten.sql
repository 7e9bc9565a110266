-- standing_events: which of these are here
select id from semmem.events
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and id = any (:events::uuid[]);
