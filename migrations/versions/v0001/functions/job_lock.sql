-- The number under which writers of a scope and the job of theirs wait for each other; it holds until commit.
create function semmem.job_lock(p_entrypoint text, p_tenant text, p_kind text, p_id text) returns bigint
language sql immutable as $$
    select hashtextextended(semmem.job_key(p_entrypoint, p_tenant, p_kind, p_id), 0)
$$;
