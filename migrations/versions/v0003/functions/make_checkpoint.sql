-- Gives the scope's state a name, as it is now, and reads it back. Of those that are not pinned the last three are kept; what only earlier
-- ones could read is taken out with them.
create or replace function semmem.make_checkpoint(
    p_tenant text, p_kind text, p_id text, p_now timestamptz, p_agent text, p_name text, p_pinned boolean
) returns setof semmem.checkpoints
language plpgsql as $$
declare
    here bigint;
    made semmem.checkpoints;
    oldest bigint;
begin
    perform semmem.enter(p_tenant, array[p_kind], array[p_id]);
    insert into semmem.scopes (tenant, scope_kind, scope_id) values (p_tenant, p_kind, p_id) on conflict do nothing;
    here := semmem.advance(p_tenant, p_kind, p_id);
    insert into semmem.checkpoints (tenant, scope_kind, scope_id, name, position, digest, agent, at, pinned)
    values (p_tenant, p_kind, p_id, coalesce(p_name, 'at-' || here), here,
            semmem.state_digest(p_tenant, p_kind, p_id, here), p_agent, p_now, p_pinned)
    returning * into made;
    perform from semmem.checkpoints c
    where (c.tenant, c.scope_kind, c.scope_id, c.name) = (p_tenant, p_kind, p_id, made.name)
      and c.digest = semmem.state_digest(p_tenant, p_kind, p_id, c.position);
    if not found then
        raise exception using errcode = 'SM019', message = 'damaged', detail = made.name;
    end if;
    insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, agent, subject, at)
    values (p_tenant, p_kind, p_id, here, 'checkpoint', p_agent, made.name, p_now);

    delete from semmem.checkpoints c
    where (c.tenant, c.scope_kind, c.scope_id) = (p_tenant, p_kind, p_id) and not c.pinned and c.position < (
        select o.position from semmem.checkpoints o
        where (o.tenant, o.scope_kind, o.scope_id) = (p_tenant, p_kind, p_id) and not o.pinned
        order by o.position desc offset 2 limit 1);
    if found then
        select min(c.position) into oldest from semmem.checkpoints c
        where (c.tenant, c.scope_kind, c.scope_id) = (p_tenant, p_kind, p_id);
        update semmem.heads h set state_floor = greatest(h.state_floor, oldest)
        where (h.tenant, h.scope_kind, h.scope_id) = (p_tenant, p_kind, p_id);
        delete from semmem.state s
        where (s.tenant, s.scope_kind, s.scope_id) = (p_tenant, p_kind, p_id) and s.to_position <= oldest;
    end if;
    return next made;
end $$;
