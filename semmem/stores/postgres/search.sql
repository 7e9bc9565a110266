-- nearest_exact: all of a small view; ordered by the bare column, which no HNSW index serves
select item_id, 1 - (vector <=> $13) as score
from semmem.matching($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
where vector is not null
order by vector <=> $13, item_id limit $14;

-- nearest_hnsw: a large view; {dimensions} and {index} are literals because the partial index's expression has them
select item_id, 1 - (vector::vector({dimensions}) <=> $12) as score
from semmem.matching($1, $2, $3, '{index}', $4, $5, $6, $7, $8, $9, $10, $11)
where vector is not null
order by vector::vector({dimensions}) <=> $12 limit $13;

-- size: how many items a view holds
select coalesce(sum(items), 0)::bigint from semmem.scopes
where tenant = $1 and (scope_kind, scope_id) in (select * from unnest($2::text[], $3::text[]));

-- lexical: candidates by BM25, and how rare each term is, in a transaction of its own
select * from semmem.lexical($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18);

-- places: the last place taken in each session; facts, which have none, stand where events without a session do
select session, max(place) as place from semmem.passages
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and session = any ($4::text[]) and place is not null
group by session;

-- put_passage: what ranking needs of an item
insert into semmem.passages (
    tenant, scope_kind, scope_id, item_id, item_kind, session, place, voice, told, at, long, cues, states)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
on conflict (tenant, item_id) do nothing;

-- around: items, the events that facts among them rest on, and the short turns up to $3 places from short ones; sought
-- by equality, for row level security keeps other conditions off the index. One row of columns: rows would come in
-- pieces of 8 KB, each of which costs the reader a turn of its loop
with drawn as materialized (
    select fact_id, event_id from semmem.fact_sources where tenant = $1 and fact_id = any ($2::uuid[])
), found as materialized (
    select * from semmem.passages where tenant = $1 and item_id = any ($2 || array(select event_id from drawn))
), spots as (
    select scope_kind, scope_id, session, place + step as place
    from found, generate_series(-$3::integer, $3) as step
    where place is not null and not long and step <> 0
    except
    select scope_kind, scope_id, session, place from found
), near as (
    select * from found
    union all
    -- With a limit each spot is sought by itself; without, the planner may read the whole table once for all of them.
    select p.* from spots cross join lateral (
        select * from semmem.passages
        where (tenant, scope_kind, scope_id, session, place)
            = ($1, spots.scope_kind, spots.scope_id, spots.session, spots.place)
        limit 1) p
    where not p.long
)
select array_agg(item_id) as id, array_agg(item_kind) as kind, array_agg(scope_kind) as scope_kind,
       array_agg(scope_id) as scope_id, array_agg(session) as session, array_agg(place) as place,
       array_agg(voice) as voice, array_agg(told) as told, array_agg(at) as at, array_agg(long) as long,
       array_agg(cues) as cues, array_agg(states) as states,
       (select array_agg(fact_id order by fact_id, event_id) from drawn) as facts,
       (select array_agg(event_id order by fact_id, event_id) from drawn) as events
from near;

-- put_vector: makes a point so; its version tells the mirror that it changed
insert into semmem.vectors as v (
    tenant, scope_kind, scope_id, index_name, item_id, item_kind, version, vector, session, agent, category, at,
    importance, current, missing)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
on conflict (tenant, index_name, item_id) do update
set version = excluded.version, vector = excluded.vector, missing = excluded.missing, session = excluded.session, agent = excluded.agent,
    category = excluded.category, at = excluded.at, importance = excluded.importance, current = excluded.current;

-- missing: items whose vector waits for the embedder
select item_id, item_kind from semmem.vectors
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and missing = 'waits' order by item_id limit $4;

-- fill_vector: the vector that was waited for, unless the item was forgotten meanwhile
update semmem.vectors set vector = $3, missing = null where tenant = $1 and item_id = $2 and missing = 'waits';

-- refuse_vector: the embedder refused the text, and is not asked again
update semmem.vectors set missing = 'refused' where tenant = $1 and item_id = $2 and missing = 'waits';

-- fill_states: the token states that come with the vector that was waited for
update semmem.passages set states = $3 where tenant = $1 and item_id = $2;

-- retry_vectors: refused events, and the facts that rest on them, wait for the embedder again
update semmem.vectors set missing = 'waits'
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and missing = 'refused'
  and (item_id = any ($4::uuid[]) or item_id in (
    select fact_id from semmem.fact_sources where tenant = $1 and event_id = any ($4::uuid[])));

-- retire_vectors: superseded facts leave the current answers and stay for as_of
update semmem.vectors set current = false, version = version + 1
where tenant = $1 and item_id = any ($2::uuid[]) and current;

-- delete_vectors: ids of other scopes change nothing
delete from semmem.vectors where tenant = $1 and index_name = $2 and item_id = any ($3::uuid[]);

-- points: what a mirror should hold of these ids
select * from semmem.vectors
where tenant = $1 and index_name = $2 and item_id = any ($3::uuid[]) and vector is not null;

-- points_page: what a mirror should hold of a scope, by ids
select * from semmem.vectors
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and index_name = $4 and vector is not null
  and ($5::uuid is null or item_id > $5)
order by item_id limit $6;

-- settled_points: those of some ids of a scope that a mirror should hold by now
select * from semmem.vectors v
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and index_name = $4 and item_id = any ($5::uuid[])
  and vector is not null
  and not exists (select from semmem.index_work w where w.tenant = v.tenant and w.item_id = v.item_id);

-- at_home: which points are of the scope that they say they are of, or will be as soon as what waits is carried
select h.item_id from unnest($2::text[], $3::text[], $4::text[], $5::uuid[]) as h (tenant, kind, id, item_id)
where exists (
    select from semmem.vectors v
    where (v.tenant, v.index_name, v.item_id) = (h.tenant, $1, h.item_id)
      and (v.scope_kind, v.scope_id) = (h.kind, h.id) and v.missing is null
) or exists (
    select from semmem.index_work w
    where (w.tenant, w.item_id) = (h.tenant, h.item_id) and (w.scope_kind, w.scope_id) = (h.kind, h.id)
);

-- homes: whose points are, wherever that is; no index serves it, for it is asked of few
select item_id, tenant, scope_kind, scope_id from semmem.vectors
where index_name = $1 and item_id = any ($2::uuid[]) and missing is null
union
select item_id, tenant, scope_kind, scope_id from semmem.index_work where item_id = any ($2::uuid[]);

-- versions: every point of a scope
select item_id, version from semmem.vectors
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and index_name = $4 and vector is not null;

-- put_terms: an item's postings
insert into semmem.terms (tenant, scope_kind, scope_id, term, item_id, tf, length)
select $1, $2, $3, term, $4, tf, $7 from unnest($5::text[], $6::integer[]) as t (term, tf)
on conflict do nothing;

-- grow: keeps BM25's collection statistics
update semmem.scopes set items = items + $4, terms = terms + $5
where (tenant, scope_kind, scope_id) = ($1, $2, $3);

-- add_work: rows that the mirror has yet to be made equal to
insert into semmem.index_work as w (tenant, scope_kind, scope_id, item_id)
select $1, $2, $3, unnest($4::uuid[])
on conflict (tenant, item_id) do update set seq = default;

-- work: the oldest of it
select item_id, seq from semmem.index_work
where (tenant, scope_kind, scope_id) = ($1, $2, $3) order by seq limit $4;

-- finish_work: only what did not change meanwhile
delete from semmem.index_work w using unnest($2::uuid[], $3::bigint[]) as done (item_id, seq)
where w.tenant = $1 and w.item_id = done.item_id and w.seq = done.seq;

-- standing_index: the embedding model that the database was filled with, as far as it is known
select model, dimensions from semmem.indexes;

-- ensure_index: registers the index, and tells which one stands
select name, model, dimensions from semmem.ensure_index($1, $2, $3, $4);
