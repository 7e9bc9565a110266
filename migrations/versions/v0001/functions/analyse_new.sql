-- Gives the planner statistics of tables that were never analysed, or are ten times as large as they were. Autovacuum comes
-- once a minute; until then a table passes for tiny, rows are sought by their tenant alone, and each batch of a first import
-- reads all before it.
create function semmem.analyse_new() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    new regclass;
begin
    for new in
        select oid from pg_class
        where relnamespace = 'semmem'::regnamespace and relkind = 'r' and pg_relation_size(oid) >
            case when reltuples < 0 then 0 else 10 * greatest(relpages, 1) * current_setting('block_size')::bigint end
        order by oid
    loop
        execute format('analyze (skip_locked) %s', new);
    end loop;
end $$;
