-- identity: a database's number is never given twice, and a table's file changes when it is restored or truncated
select (select oid::bigint from pg_database where datname = current_database()) as database,
       extract(epoch from pg_postmaster_start_time())::text as started,
       pg_relation_filenode('semmem.events')::bigint as tables;

-- system: drawn at random when the server's data folder was made
select system_identifier from pg_control_system();
