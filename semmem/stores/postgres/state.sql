-- change: an update of any number of fields, in one round trip, which counts what its writer had not seen
with done as materialized (
    select * from semmem.change_state(
        :tenant, :kind, :id, :now, :agent, :role, :seen, :told_at, :expected, :locks::text[], :token, :changes)
)
select d.*, case when cardinality(d.unseen) > 0
                 then semmem.count_conflicts(:tenant, :kind, :id, d.unseen, false) end as counted
from done d;

-- refused: an update that raised Conflict
select semmem.count_conflicts(:tenant, :kind, :id, array[:field], true);

-- act_as: from here on no more than a role may read and write
select semmem.act_as(:tenant, :kind, :id, :role, true);

-- declare: the fields of a class
select semmem.declare_state(:tenant, :kind, :id, :now, :agent, :version, :fields, :from, :seen, :values);

-- version: of the declaration that stands
select max(version) from semmem.fields where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- current: every piece that holds now, with the log's last position; a row without a field where nothing was told
select coalesce(h.head, 0) as head, f.field, f.changed_at as position,
       s.piece, s.shape, s.value, s.from_position, s.told_at, s.agent
from (values (1)) as always
left join semmem.heads h on (h.tenant, h.scope_kind, h.scope_id) = (:tenant, :kind, :id)
left join semmem.fields f
    on (f.tenant, f.scope_kind, f.scope_id) = (:tenant, :kind, :id) and f.changed_at > 0
   and (cardinality(:fields::text[]) = 0 or f.field = any (:fields))
left join semmem.state s
    on (s.tenant, s.scope_kind, s.scope_id, s.field) = (:tenant, :kind, :id, f.field) and s.to_position is null
order by f.field, s.piece;

-- hidden: fields that this role does not see; of the past also those that a later class dropped
select current_setting('semmem.unreadable')::text[];

-- reach: from where to where a scope's state can be read
select head, state_floor from semmem.heads where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- at: every piece that held at a position
select s.field, s.piece, s.shape, s.value, s.from_position, s.told_at, s.agent
from semmem.state s
where (s.tenant, s.scope_kind, s.scope_id) = (:tenant, :kind, :id)
  and (cardinality(:fields::text[]) = 0 or s.field = any (:fields))
  and s.from_position <= :position and (s.to_position is null or s.to_position > :position)
order by s.field, s.piece;

-- position: of the last change that was written by a time; the log may have lost its entries since
select coalesce(greatest(
    (select max(position) from semmem.entries
     where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and at <= :moment),
    (select max(from_position) from semmem.state
     where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and recorded_at <= :moment)), 0);

-- told: the fields that hold, or have held, anything
select field from semmem.fields where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and changed_at > 0;

-- clear_past: nothing of before can be read any more; the head is held
update semmem.heads set state_floor = head where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- clear_state: with all that it was
delete from semmem.state where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- clear_fields: what was declared
delete from semmem.fields where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- clear_locks: whoever holds one has lost it
delete from semmem.locks where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- clear_checkpoints: they name nothing any more
delete from semmem.checkpoints where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);
