-- Asks a question, or finds the one that this agent asked before: under its key, or in the same words where its answer was
-- not received yet. So an agent that was started anew waits on, and is told an answer that was given meanwhile. One that
-- is over without an answer leaves its key to the one that is asked in its place.
create or replace function semmem.ask_question(
    p_tenant text, p_kind text, p_id text, p_now timestamptz, p_agent text, p_role text, p_question uuid, p_key text,
    p_asked text, p_text text, p_options text[], p_until timestamptz
) returns setof semmem.questions
language plpgsql as $$
declare
    here bigint;
    known semmem.questions;
begin
    insert into semmem.scopes (tenant, scope_kind, scope_id) values (p_tenant, p_kind, p_id) on conflict do nothing;
    here := semmem.advance(p_tenant, p_kind, p_id);
    select * into known from semmem.questions q
    where (q.tenant, q.scope_kind, q.scope_id, q.agent) = (p_tenant, p_kind, p_id, p_agent)
      and case when p_key is not null then q.key = p_key
          else q.key is null and (q.asked, q.question, q.options) = (p_asked, p_text, p_options)
               and q.received_at is null and q.closed_at is null and (q.choice is not null or q.until > p_now) end
    order by q.position desc limit 1;
    if found then
        if (known.asked, known.question, known.options) <> (p_asked, p_text, p_options) then
            raise exception using errcode = 'SM028', message = 'the key stands for another question';
        end if;
        if known.choice is not null or known.closed_at is null and known.until > p_now then
            perform semmem.advance(p_tenant, p_kind, p_id, -1);
            return next known;
            return;
        end if;
        update semmem.questions q set key = null, closed_at = coalesce(q.closed_at, p_now)
        where (q.tenant, q.scope_kind, q.scope_id, q.id) = (p_tenant, p_kind, p_id, known.id);
    end if;

    perform semmem.take_seat(p_tenant, p_kind, p_id, p_agent, p_role);
    if p_asked <> 'human' and not exists (
        select from semmem.roster r
        where (r.tenant, r.scope_kind, r.scope_id) = (p_tenant, p_kind, p_id) and p_asked in (r.agent, r.work_role))
    then
        raise exception using errcode = 'SM026', message = 'nobody of that name';
    end if;
    if (select count(*) from semmem.questions q
        where (q.tenant, q.scope_kind, q.scope_id) = (p_tenant, p_kind, p_id)
          and q.choice is null and q.closed_at is null and q.until > p_now) >= 1000
    then
        raise exception using errcode = 'SM027', message = 'too many questions', detail = 'question';
    end if;
    return query
        insert into semmem.questions (
            tenant, scope_kind, scope_id, id, key, agent, asked, question, options, position, asked_at, until)
        values (p_tenant, p_kind, p_id, p_question, p_key, p_agent, p_asked, p_text, p_options, here, p_now, p_until)
        returning *;
    insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, agent, subject, items, detail, at)
    values (p_tenant, p_kind, p_id, here, 'question', p_agent, p_text, array[p_question],
            jsonb_build_object('of', p_asked, 'options', p_options, 'until', p_until), p_now);
end $$;
