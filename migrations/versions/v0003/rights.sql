-- Postgres lets everybody call a function that is new.
revoke execute on all functions in schema semmem from public;
grant execute on all functions in schema semmem to semmem_app;
