-- What the tables stand on. Roles belong to the whole server, where another database of semmem may have made them.

create extension if not exists vector with schema public;
create schema if not exists semmem;

do $$
declare
    wanted text;
begin
    foreach wanted in array array['semmem_app', 'semmem_sweeper'] loop
        if to_regrole(wanted) is null then
            begin
                execute format('create role %I nologin', wanted);
            exception when duplicate_object or unique_violation then null;  -- by a migration of that other database
            end;
        end if;
    end loop;
end $$;

grant usage on schema semmem to semmem_app, semmem_sweeper;
