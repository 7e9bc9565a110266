-- Queues a scope's job unless one waits or runs. All writers share the lock until they commit; a running job gives up its
-- key, then waits for it, and so sees what they wrote when it looks a last time. No row of the queue is locked, for the
-- queue locks several of its own at once, in any order.
create function semmem.queue(
    p_entrypoint text, p_tenant text, p_kind text, p_id text, p_after interval default interval '0'
) returns void
language sql as $$
    select pg_advisory_xact_lock_shared(semmem.job_lock(p_entrypoint, p_tenant, p_kind, p_id));
    insert into semmem.jobs (priority, status, entrypoint, key, payload, starts_at, tenant, scope_kind, scope_id)
    values (0, 'queued', p_entrypoint, semmem.job_key(p_entrypoint, p_tenant, p_kind, p_id),
            convert_to(jsonb_build_array(p_tenant, p_kind, p_id)::text, 'UTF8'), now() + p_after, p_tenant, p_kind, p_id)
    on conflict (key) where status in ('queued', 'picked') and key is not null do nothing
$$;
