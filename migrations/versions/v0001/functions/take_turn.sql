-- Lets those who add events with keys take turns in a scope, or two would wait for each other's keys.
create function semmem.take_turn(p_tenant text, p_kind text, p_id text) returns void
language sql as $$
    select pg_advisory_xact_lock(semmem.job_lock('remember', p_tenant, p_kind, p_id))
$$;
