-- reach: how far the log can be taken out: all is older than a moment, and no worker or group has yet to look at it
select h.floor, least(
    h.head,
    (select min(position) from semmem.events
     where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and position > h.floor
       and (recorded_at >= :before or indexed_at is null or consolidated_at is null)) - 1,
    (select min(position) from semmem.entries
     where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and position > h.floor and at >= :before) - 1,
    (select min(claimed) from semmem.groups where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)),
    (select min(position) from semmem.deliveries where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)) - 1
) as through
from semmem.heads h where (h.tenant, h.scope_kind, h.scope_id) = (:tenant, :kind, :id);

-- read: a part of the log's events, as an archive has them
select * from semmem.events
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and position > :floor and position <= :through
order by position;

-- removable: events of a part of the log that nothing rests on, and that nobody has to look at
select e.id from semmem.events e
where (e.tenant, e.scope_kind, e.scope_id) = (:tenant, :kind, :id) and e.position > :floor and e.position <= :through
  and e.indexed_at is not null and e.consolidated_at is not null
  and not exists (select from semmem.fact_sources s where s.tenant = e.tenant and s.event_id = e.id)
  and not exists (select from semmem.records r where r.tenant = e.tenant and r.event_id = e.id)
  and not exists (
      select from semmem.dead_letters d
      where (d.tenant, d.scope_kind, d.scope_id) = (:tenant, :kind, :id) and d.replayed_at is null
        and e.id = any (d.event_ids))
for update of e;

-- remove_entries: of a part of the log; what was forgotten stays told to local logs that come late, and what they
-- have brought is known
delete from semmem.entries
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and position > :floor and position <= :through
  and kind not in ('forgotten', 'replayed');

-- raise_floor: whoever follows from further back is too far behind
update semmem.heads set floor = :through where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);
