-- stands: whether the item that a list goes on from is there; from nothing, a list would seem to have ended
select case :listed::text
    when 'fact' then exists (
        select from semmem.facts where (tenant, scope_kind, scope_id, id) = (:tenant, :kind, :id, :before::uuid))
    when 'summary' then exists (
        select from semmem.summaries where (tenant, scope_kind, scope_id, id) = (:tenant, :kind, :id, :before::uuid))
    when 'dead letter' then exists (
        select from semmem.dead_letters where (tenant, scope_kind, scope_id, id) = (:tenant, :kind, :id, :before::uuid))
    when 'receipt' then exists (
        select from semmem.receipts where (tenant, scope_kind, scope_id, id) = (:tenant, :kind, :id, :before::uuid))
end;
