-- Ends the statement of a caller that row level security does not bind: a login that a pooler gave back its own role, a
-- superuser, an owner, the sweeper.
create function semmem.refuse() returns text
language plpgsql as $$
begin
    raise exception using errcode = 'SM002', message = 'row level security does not bind this role';
end $$;
