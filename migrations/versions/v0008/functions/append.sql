-- Stores events and queues their work in one round trip and one transaction: its commit is the acknowledgement.
-- Each that is new gets the next position of the scope's log.
-- A key that is known answers with the first id; with another body the whole call fails, naming the event's index.
-- An event without an offset of its own has that of the scope's zone. What another agent has reported within the window of world time is not stored again: that event gains a witness.
create or replace function semmem.append(
    p_tenant text, p_kind text, p_id text, p_now timestamptz, p_window interval, p_extract_after interval,
    p_events json
) returns table (id uuid, status text, seq bigint, epoch bigint, "position" bigint)
language plpgsql as $$
#variable_conflict use_column
declare
    e record;
    known_id uuid;
    known_body bytea;
    scope_epoch bigint;
    scope_zone text;
    new_seq bigint;
    asked bigint := json_array_length(p_events);
    first bigint;
    accepted bigint := 0;
begin
    perform semmem.enter(p_tenant, array[p_kind], array[p_id]);

    select s.epoch into scope_epoch from semmem.scopes s
    where s.tenant = p_tenant and s.scope_kind = p_kind and s.scope_id = p_id;
    if not found then
        insert into semmem.scopes (tenant, scope_kind, scope_id) values (p_tenant, p_kind, p_id)
        on conflict do nothing;
        scope_epoch := 0;
    end if;
    if p_window > interval '0'
        and exists (select from json_array_elements(p_events) e where e ->> 'report_hash' is not null) then
        -- Agents that report at once take turns, so that the second sees the first one's event and may change it.
        perform from semmem.scopes s
        where s.tenant = p_tenant and s.scope_kind = p_kind and s.scope_id = p_id for no key update;
    end if;
    select s.zone into scope_zone from semmem.scope_settings s
    where (s.tenant, s.scope_kind, s.scope_id) = (p_tenant, p_kind, p_id);
    first := semmem.advance(p_tenant, p_kind, p_id, asked);

    for e in
        select ordinality - 1 as index, x.*
        from rows from (json_to_recordset(p_events) as (
            id uuid, session text, role text, speaker text, agent text, agent_type text, event_type text, content text,
            importance double precision, metadata json, occurred_at timestamptz, utc_offset interval, key text,
            body_hash text, report_hash text)) with ordinality
            as x (id, session, role, speaker, agent, agent_type, event_type, content, importance, metadata,
                  occurred_at, utc_offset, key, body_hash, report_hash, ordinality)
        order by ordinality
    loop
        if e.report_hash is not null and p_window > interval '0' then
            update semmem.events ev set witnesses = ev.witnesses || e.agent
            where ev.tenant = p_tenant and ev.id = (
                select r.id from semmem.events r
                where (r.tenant, r.scope_kind, r.scope_id, r.report_hash)
                    = (p_tenant, p_kind, p_id, decode(e.report_hash, 'hex'))
                  and r.agent <> e.agent and e.agent <> all (r.witnesses)
                  and r.occurred_at > e.occurred_at - p_window and r.occurred_at < e.occurred_at + p_window
                order by r.seq limit 1)
            returning ev.id into known_id;
            if found then
                return query select known_id, 'duplicate', null::bigint, scope_epoch, null::bigint;
                continue;
            end if;
        end if;

        insert into semmem.events (
            tenant, scope_kind, scope_id, id, session, role, speaker, agent, agent_type, event_type, content,
            importance, metadata, occurred_at, utc_offset, recorded_at, key, body_hash, report_hash, position)
        values (p_tenant, p_kind, p_id, e.id, e.session, e.role, e.speaker, e.agent, e.agent_type, e.event_type,
                e.content, e.importance, e.metadata, e.occurred_at,
                coalesce(e.utc_offset, nullif(
                    (e.occurred_at at time zone scope_zone) - (e.occurred_at at time zone 'UTC'), interval '0')),
                p_now, e.key,
                decode(e.body_hash, 'hex'), decode(e.report_hash, 'hex'), first + accepted)
        on conflict (tenant, scope_kind, scope_id, key) do nothing
        returning events.seq into new_seq;

        if not found then
            select ev.id, ev.body_hash into known_id, known_body from semmem.events ev
            where (ev.tenant, ev.scope_kind, ev.scope_id, ev.key) = (p_tenant, p_kind, p_id, e.key);
            if known_body is distinct from decode(e.body_hash, 'hex') then
                raise exception using errcode = 'SM001', message = 'key conflict', detail = e.index::text;
            end if;
            return query select known_id, 'duplicate', null::bigint, scope_epoch, null::bigint;
            continue;
        end if;

        return query select e.id, 'accepted', new_seq, scope_epoch, first + accepted;
        accepted := accepted + 1;
    end loop;

    if accepted < asked then  -- nobody has seen the rest yet
        update semmem.heads h set head = h.head - asked + accepted
        where (h.tenant, h.scope_kind, h.scope_id) = (p_tenant, p_kind, p_id);
    end if;
    if accepted > 0 then
        perform semmem.queue('index', p_tenant, p_kind, p_id);
        perform semmem.queue('consolidate', p_tenant, p_kind, p_id, p_extract_after);
    end if;
end $$;
