-- stands: whether the item that a list is to go on from is there; a list that goes on from nothing would seem to have ended
select case $4::text
    when 'fact' then exists (
        select from semmem.facts where (tenant, scope_kind, scope_id, id) = ($1, $2, $3, $5::uuid))
    when 'summary' then exists (
        select from semmem.summaries where (tenant, scope_kind, scope_id, id) = ($1, $2, $3, $5::uuid))
    when 'dead letter' then exists (
        select from semmem.dead_letters where (tenant, scope_kind, scope_id, id) = ($1, $2, $3, $5::uuid))
    when 'receipt' then exists (
        select from semmem.receipts where (tenant, scope_kind, scope_id, id) = ($1, $2, $3, $5::uuid))
end;
