-- Takes all of these locks or none. The answer is their token, a position of the scope's log, and until when they are held;
-- or, where somebody else holds one, no token, its name, its holder and the end of its time. Whoever waits asks again and
-- again, and so looks first without the scope's head, which writers need.
create or replace function semmem.acquire_locks(
    p_tenant text, p_kind text, p_id text, p_now timestamptz, p_agent text, p_names text[], p_ttl interval
) returns table (token bigint, until timestamptz, name text, holder text)
language plpgsql as $$
#variable_conflict use_column
declare
    here bigint;
    held semmem.locks;
begin
    perform semmem.enter(p_tenant, array[p_kind], array[p_id]);
    held := semmem.held_lock(p_tenant, p_kind, p_id, p_names);
    if held.name is null then
        insert into semmem.scopes (tenant, scope_kind, scope_id) values (p_tenant, p_kind, p_id) on conflict do nothing;
        here := semmem.advance(p_tenant, p_kind, p_id);
        held := semmem.held_lock(p_tenant, p_kind, p_id, p_names);
        if held.name is not null then
            perform semmem.advance(p_tenant, p_kind, p_id, -1);
        end if;
    end if;
    if held.name is not null then
        return query select null::bigint, held.held_until, held.name, held.holder;
        return;
    end if;

    insert into semmem.locks (tenant, scope_kind, scope_id, name, token, holder, held_until)
    select p_tenant, p_kind, p_id, n.name, here, p_agent, clock_timestamp() + p_ttl from unnest(p_names) as n (name)
    on conflict (tenant, scope_kind, scope_id, name) do update
    set token = excluded.token, holder = excluded.holder, held_until = excluded.held_until;
    insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, agent, subject, detail, at)
    values (p_tenant, p_kind, p_id, here, 'lock', p_agent, p_names[1], jsonb_build_object('names', p_names), p_now);
    return query select here, clock_timestamp() + p_ttl, null::text, null::text;
end $$;
