-- put_vector: makes a point so; its version tells the mirror that it changed
insert into semmem.vectors as v (
    tenant, scope_kind, scope_id, index_name, item_id, item_kind, version, vector, session, agent, category, at,
    importance, current, missing)
values (
    :of_tenant, :of_kind, :of_id, :index, :item, :item_kind, :version, :vector, :session, :agent, :category, :at,
    :importance, :current, :missing)
on conflict (tenant, index_name, item_id) do update
set version = excluded.version, vector = excluded.vector, missing = excluded.missing, session = excluded.session,
    agent = excluded.agent, category = excluded.category, at = excluded.at, importance = excluded.importance,
    current = excluded.current;

-- missing: items whose vector waits for the embedder
select item_id, item_kind from semmem.vectors
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and missing = 'waits' order by item_id limit :limit;

-- fill_vector: the vector that was waited for, unless the item was forgotten meanwhile
update semmem.vectors set vector = :vector, missing = null
where tenant = :tenant and index_name = any (array(select name from semmem.indexes)) and item_id = :item and missing = 'waits';

-- refuse_vector: the embedder refused the text, and is not asked again
update semmem.vectors set missing = 'refused'
where tenant = :tenant and index_name = any (array(select name from semmem.indexes)) and item_id = :item and missing = 'waits';

-- fill_states: the token states that come with the vector that was waited for
update semmem.passages set states = :states where tenant = :tenant and item_id = :item;

-- retry_vectors: refused events, and the facts that rest on them, wait for the embedder again
update semmem.vectors set missing = 'waits'
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and missing = 'refused'
  and (item_id = any (:events::uuid[]) or item_id in (
    select fact_id from semmem.fact_sources where tenant = :tenant and event_id = any (:events::uuid[])));

-- retire_vectors: superseded facts leave the current answers and stay for as_of
update semmem.vectors set current = false, version = version + 1
where tenant = :tenant and index_name = any (array(select name from semmem.indexes)) and item_id = any (:facts::uuid[]) and current;

-- points: what a mirror should hold of these ids
select * from semmem.vectors
where tenant = :tenant and index_name = :index and item_id = any (:items::uuid[]) and vector is not null;

-- points_page: what a mirror should hold of a scope, by ids
select * from semmem.vectors
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and index_name = :index and vector is not null
  and (:after::uuid is null or item_id > :after)
order by item_id limit :limit;

-- settled_points: those of some ids of a scope that a mirror should hold by now
select * from semmem.vectors v
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and index_name = :index and item_id = any (:items::uuid[])
  and vector is not null
  and not exists (select from semmem.index_work w where w.tenant = v.tenant and w.item_id = v.item_id);

-- at_home: which points are of the scope that they say they are of, or will be as soon as what waits is carried
select h.item_id
from unnest(:tenants::text[], :kinds::text[], :ids::text[], :items::uuid[]) as h (tenant, kind, id, item_id)
where exists (
    select from semmem.vectors v
    where (v.tenant, v.index_name, v.item_id) = (h.tenant, :index, h.item_id)
      and (v.scope_kind, v.scope_id) = (h.kind, h.id) and v.missing is null
) or exists (
    select from semmem.index_work w
    where (w.tenant, w.item_id) = (h.tenant, h.item_id) and (w.scope_kind, w.scope_id) = (h.kind, h.id)
);

-- homes: whose points are, wherever that is; no index serves it, for it is asked of few
select item_id, tenant, scope_kind, scope_id from semmem.vectors
where index_name = :index and item_id = any (:items::uuid[]) and missing is null
union
select item_id, tenant, scope_kind, scope_id from semmem.index_work where item_id = any (:items::uuid[]);

-- put_terms: an item's postings
insert into semmem.terms (tenant, scope_kind, scope_id, term, item_id, tf, length)
select :tenant, :kind, :id, term, :item, tf, :length from unnest(:terms::text[], :counts::integer[]) as t (term, tf)
on conflict do nothing;

-- grow: keeps BM25's collection statistics
update semmem.scopes set items = items + :items, terms = terms + :terms
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- add_work: rows that the mirror has yet to be made equal to, where any process has one
insert into semmem.index_work as w (tenant, scope_kind, scope_id, item_id)
select :tenant, :kind, :id, unnest(:items::uuid[])
where :mirrored or exists (select from semmem.followers where store = 'qdrant')
on conflict (tenant, item_id) do update set seq = default;

-- work: the oldest of it
select item_id, seq from semmem.index_work
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) order by seq limit :limit;

-- finish_work: only what did not change meanwhile
delete from semmem.index_work w using unnest(:items::uuid[], :seqs::bigint[]) as done (item_id, seq)
where w.tenant = :tenant and w.item_id = done.item_id and w.seq = done.seq;

-- versions: every point of a scope
select item_id, version from semmem.vectors
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and index_name = :index and vector is not null;
