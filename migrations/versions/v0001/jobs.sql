-- pgqueuer's tables as semmem uses them: no other file of semmem's names a column of theirs.

-- Each job says whose it is, so that row level security holds there.
alter table semmem.pgqueuer
    add tenant text collate "C" not null, add scope_kind text not null, add scope_id text collate "C" not null;
-- What row level security asks for; pgqueuer's own indexes serve the worker alone.
create index pgqueuer_of_scope on semmem.pgqueuer (tenant, scope_kind, scope_id);
select semmem.guard('semmem.pgqueuer');

-- The worker takes the jobs of all tenants, as the sweeper; to the application its own scopes' alone are there.
create policy work on semmem.pgqueuer to semmem_sweeper using (true) with check (true);
grant select, insert, update, delete on semmem.pgqueuer, semmem.pgqueuer_log, semmem.pgqueuer_statistics to semmem_sweeper;
grant usage on sequence semmem.pgqueuer_id_seq, semmem.pgqueuer_log_id_seq, semmem.pgqueuer_statistics_id_seq
    to semmem_sweeper;

create trigger keep_no_log before insert on semmem.pgqueuer_log
    for each row execute function semmem.keep_no_log();

-- A job by semmem's names. No two that are open have one key; one that has failed waits for its next attempt.
create view semmem.jobs with (security_invoker) as
select id, entrypoint, tenant, scope_kind, scope_id, dedupe_key as key, payload, priority, status, attempts,
       execute_after as starts_at, status in ('queued', 'picked') as is_open, status = 'queued' as waits
from semmem.pgqueuer;
grant select, insert, update, delete on semmem.jobs to semmem_app;
