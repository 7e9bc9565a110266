-- places: the last place taken in each session; facts, which have none, stand where events without a session do
select session, max(place) as place from semmem.passages
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and session = any (:sessions::text[]) and place is not null
group by session;

-- put_passage: what ranking needs of an item
insert into semmem.passages (
    tenant, scope_kind, scope_id, item_id, item_kind, session, place, voice, told, at, long, cues, states)
values (
    :of_tenant, :of_kind, :of_id, :item, :item_kind, :session, :place, :voice, :told, :at, :long, :cues, :states)
on conflict (tenant, item_id) do nothing;

-- around: items, the events that facts among them rest on, and the short turns up to :reach places from short ones;
-- sought by equality, for row level security keeps other conditions off the index. One row of columns: rows would come
-- in pieces of 8 KB, each of which costs the reader a turn of its loop
with drawn as materialized (
    select fact_id, event_id from semmem.fact_sources where tenant = :tenant and fact_id = any (:items::uuid[])
), found as materialized (
    select * from semmem.passages where tenant = :tenant and item_id = any (:items || array(select event_id from drawn))
), spots as (
    select scope_kind, scope_id, session, place + step as place
    from found, generate_series(-:reach::integer, :reach) as step
    where place is not null and not long and step <> 0
    except
    select scope_kind, scope_id, session, place from found
), near as (
    select * from found
    union all
    -- With a limit each spot is sought by itself; without, the planner may read the whole table once for all of them.
    select p.* from spots cross join lateral (
        select * from semmem.passages
        where (tenant, scope_kind, scope_id, session, place)
            = (:tenant, spots.scope_kind, spots.scope_id, spots.session, spots.place)
        limit 1) p
    where not p.long
)
select array_agg(item_id) as id, array_agg(item_kind) as kind, array_agg(scope_kind) as scope_kind,
       array_agg(scope_id) as scope_id, array_agg(session) as session, array_agg(place) as place,
       array_agg(voice) as voice, array_agg(told) as told, array_agg(at) as at, array_agg(long) as long,
       array_agg(cues) as cues, array_agg(states) as states,
       (select array_agg(fact_id order by fact_id, event_id) from drawn) as facts,
       (select array_agg(event_id order by fact_id, event_id) from drawn) as events
from near;
