-- Lets the fields hold again what they held at a position: what began since ends, and what has ended since begins anew, in
-- its place and with its teller. That is a change like any other, and can be undone like one. A field that is declared no
-- more stays away.
create or replace function semmem.restore_state(
    p_tenant text, p_kind text, p_id text, p_now timestamptz, p_agent text, p_role text, p_position bigint, p_subject text
) returns table (at bigint, written text[])
language plpgsql as $$
declare
    here bigint;
    floor bigint;
    other text;
    changed semmem.fields;
begin
    perform semmem.enter(p_tenant, array[p_kind], array[p_id]);
    here := semmem.advance(p_tenant, p_kind, p_id);
    perform semmem.act_as(p_tenant, p_kind, p_id, p_role, false);
    select h.state_floor into floor from semmem.heads h
    where (h.tenant, h.scope_kind, h.scope_id) = (p_tenant, p_kind, p_id);
    if p_position < floor or p_position >= here then
        raise exception using errcode = 'SM017', message = 'out of reach',
            detail = jsonb_build_object('floor', floor, 'head', here - 1)::text;
    end if;
    select f.field into other from semmem.fields f
    where (f.tenant, f.scope_kind, f.scope_id) = (p_tenant, p_kind, p_id) and f.declared_at > p_position
      and exists (
        select from semmem.state s
        where (s.tenant, s.scope_kind, s.scope_id, s.field) = (p_tenant, p_kind, p_id, f.field)
          and s.from_position <= p_position and s.to_position > p_position)
    order by f.field limit 1;
    if found then
        raise exception using errcode = 'SM016', message = 'declared otherwise', detail = other;
    end if;

    written := array(
        select f.field from semmem.fields f
        where (f.tenant, f.scope_kind, f.scope_id) = (p_tenant, p_kind, p_id) and exists (
            select from semmem.state s
            where (s.tenant, s.scope_kind, s.scope_id, s.field) = (p_tenant, p_kind, p_id, f.field)
              and (s.from_position > p_position and s.to_position is null
                   or s.from_position <= p_position and s.to_position > p_position))
        order by f.field);
    select f.field into other from semmem.fields f
    where (f.tenant, f.scope_kind, f.scope_id) = (p_tenant, p_kind, p_id) and f.field = any (written)
      and p_role <> all (f.writers)
    order by f.field limit 1;
    if found then
        raise exception using errcode = 'SM020', message = 'forbidden', detail = other;
    end if;
    update semmem.state s set to_position = here
    where (s.tenant, s.scope_kind, s.scope_id) = (p_tenant, p_kind, p_id) and s.field = any (written)
      and s.from_position > p_position and s.to_position is null;
    insert into semmem.state (
        tenant, scope_kind, scope_id, field, piece, from_position, shape, value, confidence, agent, told_at, recorded_at)
    select s.tenant, s.scope_kind, s.scope_id, s.field, s.piece, here, s.shape, s.value, s.confidence, s.agent,
           s.told_at, p_now
    from semmem.state s
    where (s.tenant, s.scope_kind, s.scope_id) = (p_tenant, p_kind, p_id) and s.field = any (written)
      and s.from_position <= p_position and s.to_position > p_position;

    for changed in
        select * from semmem.fields f
        where (f.tenant, f.scope_kind, f.scope_id) = (p_tenant, p_kind, p_id) and f.field = any (written)
    loop
        perform semmem.mark_changed(changed, here, p_agent, (
            select count(*) from semmem.state s
            where (s.tenant, s.scope_kind, s.scope_id, s.field) = (p_tenant, p_kind, p_id, changed.field)
              and s.to_position is null));
    end loop;
    at := semmem.log_change(
        p_tenant, p_kind, p_id, here, 'restored', p_agent, p_subject, written,
        jsonb_build_object('to', p_position), p_now);
    return next;
end $$;
