-- create: unless it is there
insert into semmem.groups (tenant, scope_kind, scope_id, name, event_types, ordered, claimed)
select :tenant, :kind, :id, :group, :event_types, :ordered,
       coalesce(:start::bigint, (select head from semmem.heads h
                                 where (h.tenant, h.scope_kind, h.scope_id) = (:tenant, :kind, :id)), 0)
on conflict do nothing;

-- reach: from where to where the log holds all entries
select head, floor from semmem.heads where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- groups: all of the scope
select name, event_types, ordered from semmem.groups where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- take: leases deliveries to a consumer, which finds them by their lease
select semmem.take(
    p_tenant => :tenant, p_kind => :kind, p_id => :id, p_group => :group, p_consumer => :consumer, p_lease => :lease,
    p_for => :lasting, p_limit => :limit, p_attempts => :attempts, p_reach => :reach);

-- leased: what was given under this lease, in order
select d.attempts, e.* from semmem.deliveries d join semmem.events e on e.tenant = d.tenant and e.id = d.event_id
where (d.tenant, d.scope_kind, d.scope_id, d.group_name, d.lease) = (:tenant, :kind, :id, :group, :lease)
order by d.position;

-- claimed: up to where all was handed out
select claimed from semmem.groups where (tenant, scope_kind, scope_id, name) = (:tenant, :kind, :id, :group);

-- settle: part of the transaction of what it led to; no row where another has taken it over
delete from semmem.deliveries
where (tenant, scope_kind, scope_id, group_name, position, lease) = (:tenant, :kind, :id, :group, :position, :lease);

-- release: another may have it, after a while
update semmem.deliveries set leased_until = clock_timestamp() + :after
where (tenant, scope_kind, scope_id, group_name, lease) = (:tenant, :kind, :id, :group, :lease);

-- lag: entries of the log that the group has not looked at, what is handed out, and what is dead
select coalesce(h.head, 0) - g.claimed as behind,
       (select count(*) from semmem.deliveries d
        where (d.tenant, d.scope_kind, d.scope_id, d.group_name) = (:tenant, :kind, :id, :group) and not d.dead) as leased,
       (select count(*) from semmem.deliveries d
        where (d.tenant, d.scope_kind, d.scope_id, d.group_name) = (:tenant, :kind, :id, :group) and d.dead) as dead
from semmem.groups g
left join semmem.heads h on (h.tenant, h.scope_kind, h.scope_id) = (g.tenant, g.scope_kind, g.scope_id)
where (g.tenant, g.scope_kind, g.scope_id, g.name) = (:tenant, :kind, :id, :group);

-- dead: what was handed out too often, oldest first
select e.* from semmem.deliveries d join semmem.events e on e.tenant = d.tenant and e.id = d.event_id
where (d.tenant, d.scope_kind, d.scope_id, d.group_name) = (:tenant, :kind, :id, :group) and d.dead
order by d.position limit :limit;

-- replay: as if these had never been handed out
update semmem.deliveries set dead = false, attempts = 0, leased_until = '-infinity'
where (tenant, scope_kind, scope_id, group_name) = (:tenant, :kind, :id, :group) and dead
  and (:positions::bigint[] is null or position = any (:positions));

-- delete: with what is handed out
delete from semmem.groups where (tenant, scope_kind, scope_id, name) = (:tenant, :kind, :id, :group);

-- delete_all: of the scope
delete from semmem.groups where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);
