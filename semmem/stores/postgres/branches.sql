-- make_scope: a first write's scope, before its branch, so that all writers lock in the same order
insert into semmem.scopes (tenant, scope_kind, scope_id) values (:tenant, :kind, :id) on conflict do nothing;

-- register: writes the row even where it stands, so that a forget of this place waits for the write that goes on
insert into semmem.branches (tenant, scope_kind, scope_id, branch_id, path, owner)
values (:tenant, :root_kind, :root_id, :id, :path, :owner)
on conflict (tenant, scope_kind, scope_id, branch_id) do update set path = excluded.path;

-- below: the places at and below a path, by whole segments; no owner is the empty string, so that they have an order
select path, owner from semmem.branches
where (tenant, scope_kind, scope_id) = (:tenant, :root_kind, :root_id) and path[1:cardinality(:path::text[])] = :path
  and (:after_path::text[] is null or (path, coalesce(owner, '')) > (:after_path, :after_owner::text))
order by path, coalesce(owner, '');

-- inhabited: which of these scopes hold anything; asked so, no plan gathers what all of the tenant hold
select :tenant as tenant, v.kind as scope_kind, v.id as scope_id
from unnest(:kinds::text[], :ids::text[]) as v (kind, id)
where (select true from semmem.events e where (e.tenant, e.scope_kind, e.scope_id) = (:tenant, v.kind, v.id) limit 1)
   or (select true from semmem.records r where (r.tenant, r.scope_kind, r.scope_id) = (:tenant, v.kind, v.id) limit 1)
   or (select true from semmem.fields f where (f.tenant, f.scope_kind, f.scope_id) = (:tenant, v.kind, v.id) limit 1)
   or (select true from semmem.workspaces w where (w.tenant, w.scope_kind, w.scope_id) = (:tenant, v.kind, v.id))
   or (select true from semmem.roster r where (r.tenant, r.scope_kind, r.scope_id) = (:tenant, v.kind, v.id) limit 1)
   or (select true from semmem.threads t where (t.tenant, t.scope_kind, t.scope_id) = (:tenant, v.kind, v.id) limit 1);

-- lock_branch: waits for writers that have registered it
select from semmem.branches
where (tenant, scope_kind, scope_id, branch_id) = (:tenant, :root_kind, :root_id, :id) for update;

-- drop_branch: the name of a place that is empty now; not of one that came into being since, and is being written to
delete from semmem.branches b
where (b.tenant, b.scope_kind, b.scope_id, b.branch_id) in (
    select tenant, scope_kind, scope_id, branch_id from semmem.branches
    where (tenant, scope_kind, scope_id, branch_id) = (:tenant, :root_kind, :root_id, :id) for update skip locked
  )
  and not exists (
    select from semmem.events where (tenant, scope_kind, scope_id) = (:tenant, 'branch', :id)
  ) and not exists (
    select from semmem.records where (tenant, scope_kind, scope_id) = (:tenant, 'branch', :id)
  ) and not exists (
    select from semmem.fields where (tenant, scope_kind, scope_id) = (:tenant, 'branch', :id)
  ) and not exists (
    select from semmem.workspaces where (tenant, scope_kind, scope_id) = (:tenant, 'branch', :id)
  ) and not exists (
    select from semmem.roster where (tenant, scope_kind, scope_id) = (:tenant, 'branch', :id)
  ) and not exists (
    select from semmem.threads where (tenant, scope_kind, scope_id) = (:tenant, 'branch', :id)
  ) and not exists (
    select from semmem.entries where (tenant, scope_kind, scope_id) = (:tenant, 'branch', :id) and kind <> 'forgotten'
  ) and not exists (
    select from semmem.locks where (tenant, scope_kind, scope_id) = (:tenant, 'branch', :id)
  ) and not exists (
    select from semmem.checkpoints where (tenant, scope_kind, scope_id) = (:tenant, 'branch', :id)
  ) and not exists (
    select from semmem.scope_settings where (tenant, scope_kind, scope_id) = (:tenant, 'branch', :id)
  ) and not exists (
    select from semmem.groups where (tenant, scope_kind, scope_id) = (:tenant, 'branch', :id)
  );
