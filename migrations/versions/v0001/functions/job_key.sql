-- The name under which a scope's job waits or runs, once at a time.
create function semmem.job_key(p_entrypoint text, p_tenant text, p_kind text, p_id text) returns text
language sql immutable as $$
    select p_entrypoint || ':' || semmem.scope_key(p_tenant, p_kind, p_id)
$$;
