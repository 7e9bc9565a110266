-- meeting: ids of the newest events of a view that meet a condition, newest first, and of facts that rest on them
with wanted as materialized (
    select :path::text::jsonpath as path, :operands::jsonb as operands
), events as materialized (
    select e.id, e.seq from unnest(:kinds::text[], :ids::text[]) as v (kind, id)
    join semmem.events e on (e.tenant, e.scope_kind, e.scope_id) = (:tenant, v.kind, v.id)
    cross join wanted w
    where jsonb_path_match(jsonb_build_object(
        'role', e.role, 'speaker', e.speaker, 'agent', e.agent, 'agent_type', e.agent_type, 'session', e.session,
        'event_type', e.event_type, 'metadata', e.metadata::jsonb), w.path, w.operands, true)
    order by e.seq desc limit :limit
)
select array(select id from events order by seq desc) as events,
       array(select distinct s.fact_id from events e
             join semmem.fact_sources s on s.tenant = :tenant and s.event_id = e.id) as facts;

-- nested: the number of the first of these paths that leads to an object or a list in some event, and to no scalar in any
select p.number from jsonb_array_elements(:paths::jsonb) with ordinality as p (path, number)
cross join lateral (
    select bool_or(s.kind in ('object', 'array')) as nested, bool_or(s.kind not in ('object', 'array')) as scalar
    from unnest(:kinds::text[], :ids::text[]) as v (kind, id)
    join semmem.events e on (e.tenant, e.scope_kind, e.scope_id) = (:tenant, v.kind, v.id)
    cross join lateral (
        select jsonb_typeof(e.metadata::jsonb #> array(select jsonb_array_elements_text(p.path))) as kind) s
) found
where found.nested and not found.scalar
order by p.number limit 1;
