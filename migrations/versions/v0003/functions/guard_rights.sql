-- Whatever a statement asks for, no row of a field that the agent's role may not read or write (semmem.act_as): not one is
-- seen, begun, ended or removed. Again, it mends what was lost.
create or replace function semmem.guard_rights() returns void
language plpgsql as $$
declare
    allowed constant text :=
        'field <> all ((select coalesce(nullif(current_setting(%L, true), %L), %L)::text[])::text[])';
    readable constant text := format(allowed, 'semmem.unreadable', '', '{}');
    writable constant text := format(allowed, 'semmem.unwritable', '', '{}');
begin
    drop policy if exists readable on semmem.state;
    drop policy if exists begun on semmem.state;
    drop policy if exists ended on semmem.state;
    drop policy if exists removed on semmem.state;
    execute format('create policy readable on semmem.state as restrictive for select using (%s)', readable);
    execute format('create policy begun on semmem.state as restrictive for insert with check (%s)', writable);
    execute format('create policy ended on semmem.state as restrictive for update using (true) with check (%s)', writable);
    execute format('create policy removed on semmem.state as restrictive for delete using (%s)', writable);
end $$;
