-- Whether a scope's job has failed, and is still to be tried again.
create function semmem.is_failing(p_entrypoint text, p_tenant text, p_kind text, p_id text) returns boolean
language sql stable as $$
    select exists (
        select from semmem.jobs j
        where j.key = semmem.job_key(p_entrypoint, p_tenant, p_kind, p_id) and j.is_open and j.attempts > 0)
$$;
