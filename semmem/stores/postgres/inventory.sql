-- holdings: whose memories there are, with what their branches hold; addresses and counts only
with listed as (
    select * from (
        select tenant, scope_kind collate "C" as scope_kind, scope_id from semmem.scopes where scope_kind <> 'branch'
        union
        select tenant, scope_kind, scope_id from semmem.branches
    ) s
    where (:tenant::text is null or tenant = :tenant)
      and (:after_tenant::text is null
           or (tenant, scope_kind, scope_id) > (:after_tenant, :after_kind::text, :after_id::text))
    order by tenant, scope_kind, scope_id limit :limit
)
select l.*, events.count as events, facts.count as facts, records.count as records, below.count as branches
from listed l,
lateral (
    select count(*), array_agg(branch_id) as ids from semmem.branches b
    where (b.tenant, b.scope_kind, b.scope_id) = (l.tenant, l.scope_kind, l.scope_id)
) below,
lateral (
    select count(*) from semmem.events x where x.tenant = l.tenant and (
        (x.scope_kind, x.scope_id) = (l.scope_kind, l.scope_id)
        or x.scope_kind = 'branch' and x.scope_id = any (below.ids))
) events,
lateral (
    select count(*) from semmem.facts x where x.tenant = l.tenant and (
        (x.scope_kind, x.scope_id) = (l.scope_kind, l.scope_id)
        or x.scope_kind = 'branch' and x.scope_id = any (below.ids))
) facts,
lateral (
    select count(*) from semmem.records x where x.tenant = l.tenant and (
        (x.scope_kind, x.scope_id) = (l.scope_kind, l.scope_id)
        or x.scope_kind = 'branch' and x.scope_id = any (below.ids))
) records
order by l.tenant, l.scope_kind, l.scope_id;
