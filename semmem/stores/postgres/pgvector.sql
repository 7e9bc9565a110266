-- nearest_exact: all of a small view; ordered by the bare column, which no HNSW index serves
select item_id, 1 - (vector <=> :vector) as score
from semmem.matching(
    p_tenant => :tenant, p_kinds => :kinds, p_ids => :ids, p_index => :index, p_kind => :item_kind, p_agent => :agent,
    p_session => :session, p_category => :category, p_since => :since, p_until => :until,
    p_importance => :min_importance, p_superseded => :superseded)
where vector is not null and (:among::uuid[] is null or item_id = any (:among))
order by vector <=> :vector, item_id limit :limit;

-- scan_on: until enough of what is found passes the filters, for this transaction
set local hnsw.iterative_scan = relaxed_order;

-- nearest_hnsw: a large view; {dimensions} and {index} are literals because the partial index's expression has them
select item_id, 1 - (vector::vector({dimensions}) <=> :vector) as score
from semmem.matching(
    p_tenant => :tenant, p_kinds => :kinds, p_ids => :ids, p_index => '{index}', p_kind => :item_kind,
    p_agent => :agent, p_session => :session, p_category => :category, p_since => :since, p_until => :until,
    p_importance => :min_importance, p_superseded => :superseded)
where vector is not null and (:among::uuid[] is null or item_id = any (:among))
order by vector::vector({dimensions}) <=> :vector limit :limit;

-- size: how many items a view holds
select coalesce(sum(items), 0)::bigint from semmem.scopes
where tenant = :tenant and (scope_kind, scope_id) in (select * from unnest(:kinds::text[], :ids::text[]));

-- lexical: candidates by BM25, and how rare each term is, in a transaction of its own
select * from semmem.lexical(
    p_tenant => :tenant, p_kinds => :kinds, p_ids => :ids, p_index => :index, p_kind => :item_kind, p_agent => :agent,
    p_session => :session, p_category => :category, p_since => :since, p_until => :until,
    p_importance => :min_importance, p_superseded => :superseded, p_terms => :terms, p_limit => :limit,
    p_filtered => :filtered, p_now => :asked_at, p_index_within => :index_within, p_facts_within => :facts_within);

-- lexical_among: the same of some ids alone, of which the best are taken afterwards
with found as materialized (
    select * from semmem.lexical(
        p_tenant => :tenant, p_kinds => :kinds, p_ids => :ids, p_index => :index, p_kind => :item_kind,
        p_agent => :agent, p_session => :session, p_category => :category, p_since => :since, p_until => :until,
        p_importance => :min_importance, p_superseded => :superseded, p_terms => :terms, p_limit => null,
        p_filtered => :filtered, p_now => :asked_at, p_index_within => :index_within, p_facts_within => :facts_within)
)
(select * from found where item_id = any (:among::uuid[]) order by score desc, item_id limit :limit)
union all
select * from found where item_id is null;

-- delete_vectors: ids of other scopes change nothing
delete from semmem.vectors where tenant = :tenant and index_name = :index and item_id = any (:items::uuid[]);

-- standing_index: the embedding model that the database was filled with, as far as it is known
select model, dimensions from semmem.indexes;

-- ensure_index: registers the index, and tells which one stands
select name, model, dimensions
from semmem.ensure_index(p_name => :name, p_model => :model, p_dimensions => :dimensions, p_hnsw => :hnsw);

-- hnsw_stands: whether `ensure_index` has no index to build any more
select to_regclass('semmem.vectors_hnsw_' || left(md5(:name::text), 16)) is not null;
