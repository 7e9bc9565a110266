-- The indexed rows of a view that pass a filter; the planner inlines it into each search.
create function semmem.matching(
    p_tenant text, p_kinds text[], p_ids text[], p_index text, p_kind text, p_agent text, p_session text,
    p_category text, p_since timestamptz, p_until timestamptz, p_importance double precision, p_superseded boolean
) returns setof semmem.vectors
language sql stable as $$
    select * from semmem.vectors
    where tenant = p_tenant and index_name = p_index
      and (scope_kind, scope_id) in (select * from unnest(p_kinds, p_ids))
      and (p_kind is null or item_kind = p_kind)
      and (p_agent is null or agent = p_agent)
      and (p_session is null or session = p_session)
      and (p_category is null or category = p_category)
      and (p_since is null or at >= p_since)
      and (p_until is null or at <= p_until)
      and importance >= p_importance
      and (current or p_superseded)
$$;
