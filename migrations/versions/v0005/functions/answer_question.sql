-- Answers a question, once: whoever comes later, or too late, or was not asked, is refused. An agent is no human; who is
-- no agent may answer anything. The answer is the entry's position.
create or replace function semmem.answer_question(
    p_tenant text, p_kind text, p_id text, p_now timestamptz, p_agent text, p_question uuid, p_choice text
) returns bigint
language plpgsql as $$
declare
    here bigint;
    q semmem.questions;
begin
    here := semmem.advance(p_tenant, p_kind, p_id);
    select * into q from semmem.questions s
    where (s.tenant, s.scope_kind, s.scope_id, s.id) = (p_tenant, p_kind, p_id, p_question);
    if not found then
        raise exception using errcode = 'SM029', message = 'no such question';
    end if;
    if p_agent is not null and (q.asked = 'human' or p_agent <> q.asked and not exists (
        select from semmem.roster r
        where (r.tenant, r.scope_kind, r.scope_id, r.agent, r.work_role) = (p_tenant, p_kind, p_id, p_agent, q.asked)))
    then
        raise exception using errcode = 'SM02A', message = 'another was asked';
    end if;
    if p_choice <> all (q.options) then
        raise exception using errcode = 'SM02B', message = 'no option';
    end if;
    if q.choice is not null or q.closed_at is not null or q.until <= p_now then
        raise exception using errcode = 'SM025', message = 'closed';
    end if;
    update semmem.questions s set choice = p_choice, answered_by = p_agent, answered_at = p_now
    where (s.tenant, s.scope_kind, s.scope_id, s.id) = (p_tenant, p_kind, p_id, p_question);
    insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, agent, subject, items, at)
    values (p_tenant, p_kind, p_id, here, 'answer', p_agent, p_choice, array[p_question], p_now);
    return here;
end $$;
