-- Whether a scope's job has failed, and is still to be tried again. One that has given up its key is at its end.
create function semmem.is_failing(p_entrypoint text, p_tenant text, p_kind text, p_id text) returns boolean
language sql stable as $$
    select exists (
        select from semmem.jobs j
        where (j.tenant, j.scope_kind, j.scope_id, j.entrypoint) = (p_tenant, p_kind, p_id, p_entrypoint)
          and j.is_open and j.attempts > 0 and j.key is not null)
$$;
