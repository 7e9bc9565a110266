-- make: a name for the state as it is
select * from semmem.make_checkpoint(:tenant, :kind, :id, :now, :agent, :name, :pinned);

-- list: newest first
select * from semmem.checkpoints
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)
order by position desc;

-- verify: whether the state at a checkpoint is what it was; no row where it is not kept
select c.digest = semmem.state_digest(:tenant, :kind, :id, c.position)
from semmem.checkpoints c
where (c.tenant, c.scope_kind, c.scope_id, c.name, c.position) = (:tenant, :kind, :id, :name, :position);

-- pin: keeps it for as long as it is wanted, or no longer
update semmem.checkpoints set pinned = :pinned
where (tenant, scope_kind, scope_id, name, position) = (:tenant, :kind, :id, :name, :position);

-- restore: the state as it was at a position
select * from semmem.restore_state(:tenant, :kind, :id, :now, :agent, :role, :position, :subject);
