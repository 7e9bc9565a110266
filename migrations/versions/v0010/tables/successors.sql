-- What ends a fact stands in its row, whatever thread that belongs to, so that the fact holds again once that goes: the
-- version that superseded it, or a plan that will be current one day. Null of what processes of the release before
-- superseded: there it is the next version of its thread.
alter table semmem.facts
    add column successor uuid,
    add column said_to timestamptz;  -- with a successor: its end as it was before that one set it
