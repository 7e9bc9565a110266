-- What ends a fact stands in its row, whatever thread that belongs to, so that the fact holds again once that goes: the
-- version that superseded it, or a plan that will be current one day. Null of what processes of the release before
-- superseded: there it is the next version of its thread.
alter table semmem.facts
    add column successor uuid,
    add column said_to timestamptz;  -- with a successor: its end as it was before that one set it

-- Which of its sources a fact has its dates of, where others left them open.
alter table semmem.fact_sources add column dates boolean not null default false;

-- What ended with a plan until now was known by the plan's day. The owner of the table, too, sees no row of it else.
alter table semmem.facts no force row level security;
update semmem.facts f set successor = plan.id
from semmem.facts plan
where plan.superseded_at is null and plan.valid_from > plan.said_at
  and (f.tenant, f.scope_kind, f.scope_id, f.subject) = (plan.tenant, plan.scope_kind, plan.scope_id, plan.subject)
  and f.superseded_at is null and f.thread <> plan.thread and f.valid_to = greatest(plan.valid_from, f.valid_from);
alter table semmem.facts force row level security;
