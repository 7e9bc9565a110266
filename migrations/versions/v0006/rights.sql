-- Postgres lets everybody call a function that is new.
revoke execute on function semmem.count_conflicts from public;
grant execute on function semmem.count_conflicts to semmem_app;
