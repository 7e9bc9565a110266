-- A view's postings of a term; inlined as well. `offset 0` keeps it a look-up of its own for each term: joined freely, and
-- before the table's statistics are known, all postings of a scope might be read.
create function semmem.postings(p_tenant text, p_kinds text[], p_ids text[], p_term text)
returns setof semmem.terms
language sql stable as $$
    select t.* from unnest(p_kinds, p_ids) as v (kind, id), semmem.terms t
    where t.tenant = p_tenant and t.scope_kind = v.kind and t.scope_id = v.id and t.term = p_term
    offset 0
$$;
