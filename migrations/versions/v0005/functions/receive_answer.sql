-- How a question ended, for the agent that asked it: its answer is received with this, or none can be given any more.
create or replace function semmem.receive_answer(p_tenant text, p_kind text, p_id text, p_now timestamptz, p_question uuid)
returns setof semmem.questions
language plpgsql as $$
begin
    perform semmem.advance(p_tenant, p_kind, p_id, 0);
    return query
        update semmem.questions q
        set received_at = case when q.choice is null then q.received_at else coalesce(q.received_at, p_now) end,
            closed_at = case when q.choice is null and q.until <= p_now then coalesce(q.closed_at, p_now)
                        else q.closed_at end
        where (q.tenant, q.scope_kind, q.scope_id, q.id) = (p_tenant, p_kind, p_id, p_question)
        returning q.*;
end $$;
