-- hold: nobody else appends to the scope's log until this transaction ends
select semmem.advance(:tenant, :kind, :id, 0);

-- forgotten: tells followers to drop what they know of these events, or of all before
insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, items, detail, at)
values (:tenant, :kind, :id, semmem.advance(:tenant, :kind, :id), 'forgotten', :events, :detail, :now);

-- corrected: tells followers what a person did to a fact: the version that was named, and the one that holds
insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, agent, subject, items, at)
values (:tenant, :kind, :id, semmem.advance(:tenant, :kind, :id), 'corrected', :agent, :what, :facts, :now)
returning position;

-- drop_entries: of the whole scope, or of an agent, before a moment if one is named; what was forgotten stays told, and
-- what local logs have brought is known by its entries until all is forgotten
delete from semmem.entries
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and kind <> 'forgotten'
  and (:agent::text is null or agent = :agent) and (:before::timestamptz is null or at < :before)
  and (kind <> 'replayed' or :before is null);

-- head: the last position
select head from semmem.heads where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- heads: the last positions of any scopes, read as the sweeper, each by its key; places are counted from 1
select v.place, h.head
from unnest(:tenants::text[], :kinds::text[], :ids::text[]) with ordinality as v (tenant, kind, id, place),
lateral (
    select head from semmem.heads where (tenant, scope_kind, scope_id) = (v.tenant, v.kind, v.id) limit 1
) h;

-- page: entries behind a position in their order, and the head as of the same moment; a row without an entry where none is
select h.head, h.floor, p.position as at_position, p.kind, p.agent as by_agent, p.subject, p.fields, p.items, p.detail, p.at, e.*
from semmem.heads h
left join lateral (
    select * from (
        (select position, 'event' as kind, agent, null as subject, null::text[] as fields, null::uuid[] as items,
                null::jsonb as detail, recorded_at as at
         from semmem.events
         where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and position > :after and position <= :until
           and (cardinality(:types::text[]) > 0 or cardinality(:fields::text[]) = 0)
           and (cardinality(:types) = 0 or event_type = any (:types))
           and (cardinality(:agents::text[]) = 0 or agent = any (:agents) or witnesses && :agents)
           and importance >= :least and (:without::text is null or agent is distinct from :without)
         order by position limit :limit)
        union all
        (select position, kind, agent, subject, fields, items, detail, at
         from semmem.entries
         where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and position > :after and position <= :until
           and (kind = 'forgotten'
                or (cardinality(:fields) = 0 and cardinality(:types) = 0 or fields && :fields)
                   and (cardinality(:agents) = 0 or agent = any (:agents))
                   and (:without is null or agent is distinct from :without))
         order by position limit :limit)
    ) either
    order by position limit :limit
) p on true
left join semmem.events e
    on p.kind = 'event'
   and (e.tenant, e.scope_kind, e.scope_id, e.position) = (h.tenant, h.scope_kind, h.scope_id, p.position)
where (h.tenant, h.scope_kind, h.scope_id) = (:tenant, :kind, :id)
order by p.position;

-- last: the last entries up to a position, in their order; without an agent's own they are sought from further back, though
-- only behind a position, since all of a long log may be that agent's
select p.position as at_position, p.kind, p.agent as by_agent, p.subject, p.fields, p.items, p.detail, p.at, e.*
from (
    select * from (
        (select position, 'event' as kind, agent, null as subject, null::text[] as fields, null::uuid[] as items,
                null::jsonb as detail, recorded_at as at
         from semmem.events
         where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and position > :behind and position <= :until
           and (:without::text is null or agent is distinct from :without)
         order by position desc limit :limit)
        union all
        (select position, kind, agent, subject, fields, items, detail, at
         from semmem.entries
         where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and position > :behind and position <= :until
           and (:without is null or agent is distinct from :without)
         order by position desc limit :limit)
    ) either
    where position > (
        select floor from semmem.heads where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id))
    order by position desc limit :limit
) p
left join semmem.events e
    on p.kind = 'event' and (e.tenant, e.scope_kind, e.scope_id, e.position) = (:tenant, :kind, :id, p.position)
order by p.position;

-- latest: the newest event of each agent and type, newest first; of one agent also what it reported as a witness. Only their
-- positions are picked from the whole scope, for its rows are wide
select e.* from (
    select max(position) as position from semmem.events
    where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)
      and (:agent::text is null or agent = :agent or :agent = any (witnesses))
      and (:event_type::text is null or event_type = :event_type)
    group by case when :agent is null then agent end, event_type
    order by max(position) desc limit :limit
) newest
join semmem.events e
    on (e.tenant, e.scope_kind, e.scope_id, e.position) = (:tenant, :kind, :id, newest.position)
order by e.position desc;
