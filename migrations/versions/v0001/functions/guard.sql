-- Puts a table under its tenants, right after it is made: a row is seen and written only under its tenant and inside the
-- view that the transaction was opened with, by the table's owner as well. The application may read, add and delete rows,
-- and change all columns or those of p_changing. The sweep looks across tenants for waiting work, and an administrator
-- for who has a memory, in the columns of p_swept: addresses and times, never content. Again, it mends what was lost.
create function semmem.guard(p_table regclass, p_changing text[] default null, p_swept text[] default '{}') returns void
language plpgsql as $$
declare
    inside constant text := $policy$
        tenant = (select current_setting('semmem.tenant', true))
        and case scope_kind
            when 'user' then scope_id = any ((select nullif(current_setting('semmem.users', true), '')::text[])::text[])
            when 'workspace' then scope_id = any ((select nullif(current_setting('semmem.workspaces', true), '')::text[])::text[])
            else scope_id = any ((select nullif(current_setting('semmem.branches', true), '')::text[])::text[])
        end
    $policy$;
    -- What may be sampled although it is text: addresses, and names of our own.
    own_names constant text[] := array[
        'tenant', 'scope_kind', 'scope_id', 'index_name', 'item_kind', 'role', 'trust', 'precision', 'stage'];
    said name;
    numbers regclass;
begin
    execute format('alter table %s enable row level security, force row level security', p_table);
    execute format('drop policy if exists view on %s', p_table);
    execute format('create policy view on %1$s using (%2$s) with check (%2$s)', p_table, inside);

    execute format('revoke all on %s from semmem_app, semmem_sweeper', p_table);
    execute format('grant select, insert, delete on %s to semmem_app', p_table);
    if p_changing is null then
        execute format('grant update on %s to semmem_app', p_table);
    elsif cardinality(p_changing) > 0 then
        execute format('grant update (%s) on %s to semmem_app', (
            select string_agg(quote_ident(name), ', ') from unnest(p_changing) as name), p_table);
    end if;
    for numbers in
        select c.oid from pg_depend d join pg_class c on c.oid = d.objid and c.relkind = 'S'
        where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = p_table
    loop
        execute format('grant usage on sequence %s to semmem_app', numbers);
    end loop;

    execute format('drop policy if exists sweep on %s', p_table);
    if cardinality(p_swept) > 0 then
        execute format('create policy sweep on %s for select to semmem_sweeper using (true)', p_table);
        execute format('grant select (%s) on %s to semmem_sweeper', (
            select string_agg(quote_ident(name), ', ') from unnest(p_swept) as name), p_table);
    end if;

    -- ANALYZE copies values into pg_statistic, where they outlive their rows: a table that was emptied keeps its last
    -- sample. So no column is sampled that may hold a caller's words, or numbers made of them. (Addresses remain in
    -- receipts anyway.)
    for said in
        select attname from pg_attribute
        where attrelid = p_table and attnum > 0 and not attisdropped and attname <> all (own_names)
          and format_type(atttypid, null) in ('text', 'text[]', 'bytea', 'json', 'jsonb', 'vector', 'public.vector')
    loop
        execute format('alter table %s alter column %I set statistics 0', p_table, said);
    end loop;
end $$;
