-- Gives an event its position where whoever writes it knows of none, as the release before does.
create or replace function semmem.take_position() returns trigger
language plpgsql as $$
begin
    new.position := semmem.advance(new.tenant, new.scope_kind, new.scope_id);
    return new;
end $$;
