-- make: a name for the state as it is
select * from semmem.make_checkpoint(:tenant, :kind, :id, :now, :agent, :name, :pinned);

-- list: newest first
select * from semmem.checkpoints
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)
order by position desc;

-- verify: whether the state at a checkpoint is what it was; no row where there is none of this name
select c.position, c.digest = semmem.state_digest(:tenant, :kind, :id, c.position) as sound
from semmem.checkpoints c
where (c.tenant, c.scope_kind, c.scope_id, c.name) = (:tenant, :kind, :id, :name);

-- pin: keeps it for as long as it is wanted, or no longer
update semmem.checkpoints set pinned = :pinned
where (tenant, scope_kind, scope_id, name) = (:tenant, :kind, :id, :name);

-- restore: the state as it was at a position
select * from semmem.restore_state(:tenant, :kind, :id, :now, :agent, :role, :position, :subject);
