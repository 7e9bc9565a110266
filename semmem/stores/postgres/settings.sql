-- read: of a scope
select zone, keep_events_for from semmem.scope_settings where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);

-- write: all of it; the worker looks at once which events are too old. Refused where Postgres has no such zone
insert into semmem.scope_settings (tenant, scope_kind, scope_id, zone, keep_events_for, due_at, changed_at)
select :tenant, :kind, :id, :zone::text, :keep_events_for::interval,
       case when :keep_events_for is not null then :now::timestamptz end, :now
where :zone is null or (:now at time zone :zone) is not null
on conflict (tenant, scope_kind, scope_id) do update
set zone = excluded.zone, keep_events_for = excluded.keep_events_for, due_at = excluded.due_at,
    changed_at = excluded.changed_at;

-- is_due: whether an event may be too old by now
select exists (
    select from semmem.scope_settings where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and due_at <= :now
);

-- aged: events that were remembered too long ago, the first of them
select e.id from semmem.scope_settings s
join semmem.events e using (tenant, scope_kind, scope_id)
where (s.tenant, s.scope_kind, s.scope_id) = (:tenant, :kind, :id) and e.recorded_at < :now::timestamptz - s.keep_events_for
order by e.position limit :limit;

-- set_due: when the first of those that are left will be too old, and then a while later, to take several at once: a
-- forget lets what a model is extracting begin anew
update semmem.scope_settings s
set due_at = coalesce(
    (select min(e.recorded_at) from semmem.events e
     where (e.tenant, e.scope_kind, e.scope_id) = (:tenant, :kind, :id)), :now) + s.keep_events_for
    + least(s.keep_events_for / 100, interval '1 hour') + interval '1 microsecond'
where (s.tenant, s.scope_kind, s.scope_id) = (:tenant, :kind, :id);

-- look_again: events came that may be older than any that was here
update semmem.scope_settings set due_at = least(due_at, :now::timestamptz)
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and due_at is not null
returning true;

-- clear: as if nothing had ever been settled
delete from semmem.scope_settings where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id);
