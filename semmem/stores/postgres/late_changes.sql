-- known: which of these changes were replayed already; read under the head of the log
select i.id from semmem.entries e, unnest(e.items) as i (id)
where (e.tenant, e.scope_kind, e.scope_id) = (:tenant, :kind, :id) and e.kind = 'replayed'
  and e.items && :changes::uuid[] and i.id = any (:changes);

-- tell: these changes are written, of the entries before this one; by it they are known again
insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, items, at)
values (:tenant, :kind, :id, semmem.advance(:tenant, :kind, :id), 'replayed', :changes, :now)
returning position;

-- outdone: which of these fields hold what was told as surely, and later
select s.field
from unnest(:fields::text[], :confidences::double precision[]) as given (field, confidence)
join semmem.state s
    on (s.tenant, s.scope_kind, s.scope_id, s.field, s.piece) = (:tenant, :kind, :id, given.field, '')
   and s.to_position is null
where s.confidence = given.confidence and s.told_at > :told_at;
