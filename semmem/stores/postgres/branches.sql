-- make_scope: a first write's scope, before its branch, so that all writers lock in the same order
insert into semmem.scopes (tenant, scope_kind, scope_id) values ($1, $2, $3) on conflict do nothing;

-- register: writes the row even where it stands, so that a forget of this place waits for the write that goes on
insert into semmem.branches (tenant, scope_kind, scope_id, branch_id, path, owner) values ($1, $2, $3, $4, $5, $6)
on conflict (tenant, scope_kind, scope_id, branch_id) do update set path = excluded.path;

-- below: the places at and below a path, by whole segments; no owner is the empty string, so that they have an order
select path, owner from semmem.branches
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and path[1:cardinality($4::text[])] = $4
  and ($5::text[] is null or (path, coalesce(owner, '')) > ($5, $6::text))
order by path, coalesce(owner, '');

-- inhabited: which of these scopes hold anything
select $1 as tenant, v.kind as scope_kind, v.id as scope_id
from unnest($2::text[], $3::text[]) as v (kind, id)
where exists (select from semmem.events e where (e.tenant, e.scope_kind, e.scope_id) = ($1, v.kind, v.id))
   or exists (select from semmem.records r where (r.tenant, r.scope_kind, r.scope_id) = ($1, v.kind, v.id));

-- lock_branch: waits for writers that have registered it
select from semmem.branches where (tenant, scope_kind, scope_id, branch_id) = ($1, $2, $3, $4) for update;

-- drop_branch: the name of a place that is empty now; not of one that came into being since, and is being written to
delete from semmem.branches b
where (b.tenant, b.scope_kind, b.scope_id, b.branch_id) in (
    select tenant, scope_kind, scope_id, branch_id from semmem.branches
    where (tenant, scope_kind, scope_id, branch_id) = ($1, $2, $3, $4) for update skip locked
  )
  and not exists (
    select from semmem.events where (tenant, scope_kind, scope_id) = ($1, 'branch', $4)
  ) and not exists (
    select from semmem.records where (tenant, scope_kind, scope_id) = ($1, 'branch', $4)
  );
