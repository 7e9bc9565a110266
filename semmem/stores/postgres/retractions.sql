-- retract: what is not to be drawn from the events of these facts again
insert into semmem.retractions (tenant, scope_kind, scope_id, event_id, statement_hash, quote, at)
select s.tenant, s.scope_kind, s.scope_id, s.event_id, f.statement_hash, s.quote, :now
from semmem.facts f join semmem.fact_sources s on s.tenant = f.tenant and s.fact_id = f.id
where f.tenant = :tenant and f.id = any (:facts::uuid[])
on conflict do nothing;

-- retractions: what is not to be drawn from these events again; the statement, where a version that makes it stays
select r.event_id, r.statement_hash, r.quote, e.content, f.subject, f.text
from semmem.retractions r
join semmem.events e on (e.tenant, e.id) = (r.tenant, r.event_id)
left join lateral (
    select subject, text from semmem.facts
    where (tenant, scope_kind, scope_id, statement_hash) = (r.tenant, r.scope_kind, r.scope_id, r.statement_hash) limit 1
) f on true
where r.tenant = :tenant and r.event_id = any (:events::uuid[]);

-- allow: what a version of a fact says may be drawn from its events again
delete from semmem.retractions r
using semmem.facts f join semmem.fact_sources s on s.tenant = f.tenant and s.fact_id = f.id
where f.tenant = :tenant and f.id = :fact
  and (r.tenant, r.event_id, r.statement_hash) = (s.tenant, s.event_id, f.statement_hash);
