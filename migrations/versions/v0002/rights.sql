-- Postgres lets everybody call a function that is new.
revoke execute on function semmem.advance, semmem.take_position, semmem.append, semmem.take from public;
grant execute on function semmem.advance, semmem.take_position, semmem.append, semmem.take to semmem_app;
