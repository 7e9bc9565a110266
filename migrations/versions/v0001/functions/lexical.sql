-- BM25 (Robertson and Zaragoza 2009; k1 0.9, b 0.4) with the view's own statistics, and how rare each term is there (idf),
-- in rows without an item; floats, for numerics are slow. It enters the view itself: one round trip in place of four.
-- `embedder` marks items that have no vector. Rows without item or term name what the answer has to do without: `embedder`
-- where any item has none, and while no worker lives, `index` and `facts` where events wait longer than they may, with the
-- seconds that the oldest has waited.
create function semmem.lexical(
    p_tenant text, p_kinds text[], p_ids text[], p_index text, p_kind text, p_agent text, p_session text,
    p_category text, p_since timestamptz, p_until timestamptz, p_importance double precision, p_superseded boolean,
    p_terms text[], p_limit integer, p_filtered boolean, p_now timestamptz, p_index_within interval,
    p_facts_within interval
) returns table (item_id uuid, score double precision, term text, missing text)
language plpgsql set enable_seqscan = off as $$  -- old statistics would have a table read whole where few rows are sought
#variable_conflict use_column
declare
    vectors_missing boolean;
begin
    perform semmem.enter(p_tenant, p_kinds, p_ids);
    vectors_missing := exists (
        select from unnest(p_kinds, p_ids) as v (kind, id), semmem.vectors x
        where (x.tenant, x.scope_kind, x.scope_id) = (p_tenant, v.kind, v.id) and x.missing is not null);
    return query
    with collection as (
        select coalesce(sum(items), 0)::double precision as items,
               greatest(sum(terms)::double precision / greatest(sum(items), 1), 1) as mean_length
        from semmem.scopes
        where tenant = p_tenant and (scope_kind, scope_id) in (select * from unnest(p_kinds, p_ids))
    ), rarity as materialized (
        select q.term, ln(greatest(c.items, f.found) + 1) - ln(f.found + 0.5::double precision) as idf, c.mean_length
        from collection c, unnest(p_terms) as q (term),
             lateral (select count(*) as found from semmem.postings(p_tenant, p_kinds, p_ids, q.term)) f
    ), best as (
        select p.item_id, sum(
            r.idf * p.tf * 1.9::double precision
            / (p.tf + 0.9::double precision * (0.6 + 0.4::double precision * p.length / r.mean_length))) as score
        from rarity r, lateral (select * from semmem.postings(p_tenant, p_kinds, p_ids, r.term)) p
        where not p_filtered or p.item_id in (
            select m.item_id from semmem.matching(
                p_tenant, p_kinds, p_ids, p_index, p_kind, p_agent, p_session, p_category, p_since, p_until,
                p_importance, p_superseded) m
        )
        group by p.item_id
        order by score desc, p.item_id limit p_limit
    )
    select b.item_id, b.score, null, case when vectors_missing and exists (
        select from semmem.vectors x
        where x.tenant = p_tenant and x.index_name = p_index and x.item_id = b.item_id and x.missing is not null
    ) then 'embedder' end
    from best b
    union all
    select null, r.idf, r.term, null from rarity r
    order by 2 desc, 1;

    if vectors_missing then
        return query select null::uuid, 0::double precision, null, 'embedder';
    end if;
    if not exists (select from semmem.workers where beat_at > now() - lease) then
        return query
        select null::uuid, extract(epoch from p_now - w.since)::double precision, null, w.missing
        from (select min(i.recorded_at) as unindexed, min(f.recorded_at) as unextracted
              from unnest(p_kinds, p_ids) as v (kind, id)
              left join lateral (
                  select e.recorded_at from semmem.events e
                  where (e.tenant, e.scope_kind, e.scope_id) = (p_tenant, v.kind, v.id)
                    and (e.consolidated_at is null or e.indexed_at is null) and e.indexed_at is null
                  order by e.seq limit 1) i on true
              left join lateral (
                  select e.recorded_at from semmem.events e
                  where (e.tenant, e.scope_kind, e.scope_id) = (p_tenant, v.kind, v.id)
                    and (e.consolidated_at is null or e.indexed_at is null) and e.consolidated_at is null
                  order by e.seq limit 1) f on true) as oldest,
             lateral (values
                 ('index', oldest.unindexed, p_index_within), ('facts', oldest.unextracted, p_facts_within)
             ) as w (missing, since, within)
        where w.since + w.within < p_now;
    end if;
end $$;
