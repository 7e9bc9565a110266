-- take: the run becomes the owner, unless another one wrote since it read; waits for whoever deletes it
update semmem.threads set owner = :run, turn = turn + :by
where (tenant, scope_kind, scope_id, thread, namespace) = (:tenant, :kind, :id, :thread, :namespace)
  and (owner = :run or (owner, turn) = (:seen::uuid, :turn::bigint));

-- end_turn: whoever has read the thread has not seen what a task wrote since, unless it went on from there already
update semmem.threads t set turn = t.turn + 1
where (t.tenant, t.scope_kind, t.scope_id, t.thread, t.namespace) = (:tenant, :kind, :id, :thread, :namespace)
  and not exists (
    select from semmem.thread_checkpoints c
    where (c.tenant, c.scope_kind, c.scope_id, c.thread, c.namespace) = (:tenant, :kind, :id, :thread, :namespace)
      and c.checkpoint > :checkpoint);

-- begin: a thread that was not there yet; its turns are no earlier thread's of this name, which some may still hold
insert into semmem.threads (tenant, scope_kind, scope_id, thread, namespace, owner, turn)
values (:tenant, :kind, :id, :thread, :namespace, :run, 1 + floor(random() * 2 ^ 48)::bigint)
on conflict do nothing;

-- kept: whether this checkpoint is there
select exists (
    select from semmem.thread_checkpoints
    where (tenant, scope_kind, scope_id, thread, namespace, checkpoint)
        = (:tenant, :kind, :id, :thread, :namespace, :checkpoint));

-- standing: whose the thread is, its last turn, and whether it went on without this checkpoint; nothing where it is gone
select t.owner, t.turn,
       bool_or(c.checkpoint > :checkpoint) and not bool_or(c.checkpoint = :checkpoint) as passed
from semmem.threads t
left join semmem.thread_checkpoints c using (tenant, scope_kind, scope_id, thread, namespace)
where (t.tenant, t.scope_kind, t.scope_id, t.thread, t.namespace) = (:tenant, :kind, :id, :thread, :namespace)
group by t.owner, t.turn;

-- started: whether anything but writes that came first is kept of it
select exists (
    select from semmem.thread_checkpoints
    where (tenant, scope_kind, scope_id, thread, namespace) = (:tenant, :kind, :id, :thread, :namespace)
      and checkpoint <> :checkpoint);

-- put: a checkpoint; again, it is as it was put last
insert into semmem.thread_checkpoints (
    tenant, scope_kind, scope_id, thread, namespace, checkpoint, parent, run, channels, versions,
    body_type, body, metadata_type, metadata)
values (:tenant, :kind, :id, :thread, :namespace, :checkpoint, :parent, :run, :channels, :versions,
        :body_type, :body, :metadata_type, :metadata)
on conflict (tenant, scope_kind, scope_id, thread, namespace, checkpoint) do update
set parent = excluded.parent, run = excluded.run, channels = excluded.channels, versions = excluded.versions,
    body_type = excluded.body_type, body = excluded.body,
    metadata_type = excluded.metadata_type, metadata = excluded.metadata;

-- put_values: what channels hold in new versions
insert into semmem.thread_values (
    tenant, scope_kind, scope_id, thread, namespace, channel, version, value_type, value)
select :tenant, :kind, :id, :thread, :namespace, n.channel, n.version, n.value_type, n.value
from unnest(:channels::text[], :versions::text[], :types::text[], :values::bytea[])
    as n (channel, version, value_type, value)
on conflict (tenant, scope_kind, scope_id, thread, namespace, channel, version) do update
set value_type = excluded.value_type, value = excluded.value;

-- put_writes: a task that runs again leaves its first writes, but for what it has one of
insert into semmem.thread_writes (
    tenant, scope_kind, scope_id, thread, namespace, checkpoint, task, ordinal, task_path, channel, value_type, value)
select :tenant, :kind, :id, :thread, :namespace, :checkpoint, :task, n.ordinal, :task_path, n.channel, n.value_type, n.value
from unnest(:ordinals::integer[], :channels::text[], :types::text[], :values::bytea[])
    as n (ordinal, channel, value_type, value)
on conflict (tenant, scope_kind, scope_id, thread, namespace, checkpoint, task, ordinal) do update
set task_path = excluded.task_path, channel = excluded.channel,
    value_type = excluded.value_type, value = excluded.value
where excluded.ordinal < 0;

-- get: one checkpoint, or the latest
select c.thread, c.namespace, c.checkpoint, c.parent, c.body_type, c.body, c.metadata_type, c.metadata, t.owner, t.turn
from semmem.thread_checkpoints c
join semmem.threads t using (tenant, scope_kind, scope_id, thread, namespace)
where (c.tenant, c.scope_kind, c.scope_id, c.thread, c.namespace) = (:tenant, :kind, :id, :thread, :namespace)
  and (:checkpoint::text is null or c.checkpoint = :checkpoint)
order by c.checkpoint desc limit 1;

-- page: checkpoints, newest first, behind one of them
select c.thread, c.namespace, c.checkpoint, c.parent, c.body_type, c.body, c.metadata_type, c.metadata, t.owner, t.turn
from semmem.thread_checkpoints c
join semmem.threads t using (tenant, scope_kind, scope_id, thread, namespace)
where (c.tenant, c.scope_kind, c.scope_id) = (:tenant, :kind, :id)
  and (:thread::text is null or c.thread = :thread)
  and (:namespace::text is null or c.namespace = :namespace)
  and (:checkpoint::text is null or c.checkpoint = :checkpoint)
  and (:before::text is null or c.checkpoint < :before)
  and (:after_checkpoint::text is null
       or (c.checkpoint, c.thread, c.namespace) < (:after_checkpoint, :after_thread::text, :after_namespace::text))
order by c.checkpoint desc, c.thread desc, c.namespace desc limit :limit;

-- values: of these checkpoints, each by its place in the call
select n.place, v.channel, v.value_type, v.value
from unnest(:threads::text[], :namespaces::text[], :checkpoints::text[]) with ordinality
    as n (thread, namespace, checkpoint, place)
join semmem.thread_checkpoints c
    on (c.tenant, c.scope_kind, c.scope_id, c.thread, c.namespace, c.checkpoint)
     = (:tenant, :kind, :id, n.thread, n.namespace, n.checkpoint)
cross join unnest(c.channels, c.versions) as u (channel, version)
join semmem.thread_values v
    on (v.tenant, v.scope_kind, v.scope_id, v.thread, v.namespace, v.channel, v.version)
     = (:tenant, :kind, :id, n.thread, n.namespace, u.channel, u.version);

-- writes: behind these checkpoints, each by its place in the call, in the order in which they apply
select n.place, w.task, w.channel, w.value_type, w.value
from unnest(:threads::text[], :namespaces::text[], :checkpoints::text[]) with ordinality
    as n (thread, namespace, checkpoint, place)
join semmem.thread_writes w
    on (w.tenant, w.scope_kind, w.scope_id, w.thread, w.namespace, w.checkpoint)
     = (:tenant, :kind, :id, n.thread, n.namespace, n.checkpoint)
order by n.place, w.task_path, w.task, w.ordinal;

-- chain: what is kept of a thread, newest first, and which values stand with which checkpoint
select c.thread, c.namespace, c.checkpoint, c.parent, c.metadata_type, c.metadata, array(
    select u.channel from unnest(c.channels, c.versions) as u (channel, version)
    join semmem.thread_values v
        on (v.tenant, v.scope_kind, v.scope_id, v.thread, v.namespace, v.channel, v.version)
         = (c.tenant, c.scope_kind, c.scope_id, c.thread, c.namespace, u.channel, u.version)
) as stored
from semmem.thread_checkpoints c
where (c.tenant, c.scope_kind, c.scope_id, c.thread) = (:tenant, :kind, :id, :thread)
order by c.namespace, c.checkpoint desc;

-- hold: nobody writes to these threads until the transaction ends
select from semmem.threads
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and thread = any (:threads::text[])
order by thread, namespace for update;

-- of_runs: the checkpoints that these runs made
select thread, namespace, checkpoint from semmem.thread_checkpoints
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and run = any (:runs::text[]);

-- drop: checkpoints
delete from semmem.thread_checkpoints
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and (thread, namespace, checkpoint) in (
    select * from unnest(:threads::text[], :namespaces::text[], :checkpoints::text[]));

-- drop_writes: what tasks wrote behind them
delete from semmem.thread_writes
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and (thread, namespace, checkpoint) in (
    select * from unnest(:threads::text[], :namespaces::text[], :checkpoints::text[]));

-- sweep_values: those that no checkpoint of the threads holds any more
delete from semmem.thread_values
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and thread = any (:threads::text[])
  and (thread, namespace, channel, version) not in (
    select c.thread, c.namespace, u.channel, u.version
    from semmem.thread_checkpoints c cross join unnest(c.channels, c.versions) as u (channel, version)
    where (c.tenant, c.scope_kind, c.scope_id) = (:tenant, :kind, :id) and c.thread = any (:threads));

-- sweep_threads: those of which nothing is left
delete from semmem.threads t
where (t.tenant, t.scope_kind, t.scope_id) = (:tenant, :kind, :id) and t.thread = any (:threads::text[])
  and not exists (
    select from semmem.thread_checkpoints c
    where (c.tenant, c.scope_kind, c.scope_id, c.thread, c.namespace)
        = (t.tenant, t.scope_kind, t.scope_id, t.thread, t.namespace));

-- delete: threads, with all that is kept of them
delete from semmem.threads
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and thread = any (:threads::text[]);

-- copy: a thread under another name
insert into semmem.threads (tenant, scope_kind, scope_id, thread, namespace, owner)
select tenant, scope_kind, scope_id, :target, namespace, :run from semmem.threads
where (tenant, scope_kind, scope_id, thread) = (:tenant, :kind, :id, :source)
on conflict do nothing;

-- copy_checkpoints: under the same ids, by which they know their parents
insert into semmem.thread_checkpoints (
    tenant, scope_kind, scope_id, thread, namespace, checkpoint, parent, run, channels, versions,
    body_type, body, metadata_type, metadata)
select tenant, scope_kind, scope_id, :target, namespace, checkpoint, parent, run, channels, versions,
       body_type, body, metadata_type, metadata
from semmem.thread_checkpoints where (tenant, scope_kind, scope_id, thread) = (:tenant, :kind, :id, :source);

-- copy_values: all versions
insert into semmem.thread_values (
    tenant, scope_kind, scope_id, thread, namespace, channel, version, value_type, value)
select tenant, scope_kind, scope_id, :target, namespace, channel, version, value_type, value
from semmem.thread_values where (tenant, scope_kind, scope_id, thread) = (:tenant, :kind, :id, :source);

-- copy_writes: those of the last step, and those that older ones are made again of
insert into semmem.thread_writes (
    tenant, scope_kind, scope_id, thread, namespace, checkpoint, task, ordinal, task_path, channel, value_type, value)
select tenant, scope_kind, scope_id, :target, namespace, checkpoint, task, ordinal, task_path, channel, value_type, value
from semmem.thread_writes where (tenant, scope_kind, scope_id, thread) = (:tenant, :kind, :id, :source);

-- named: the threads of a scope
select distinct thread from semmem.threads where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- clear: all threads of a scope, with all that is kept of them
delete from semmem.threads where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);
