-- Leases at most p_limit deliveries of a group to one consumer: first those whose lease is over, oldest first, then new
-- ones; of an ordered group one at a time, and nothing while another is in a consumer's hands. What was handed out
-- p_attempts times is dead. The consumer finds what it was given by its lease.
create or replace function semmem.take(
    p_tenant text, p_kind text, p_id text, p_group text, p_consumer text, p_lease uuid, p_for interval,
    p_limit integer, p_attempts integer, p_reach bigint
) returns void
language plpgsql as $$
declare
    g semmem.groups;
    through bigint;
    given integer;
    wanted integer;
    found_new integer;
    last_new bigint;
begin
    select * into g from semmem.groups s
    where (s.tenant, s.scope_kind, s.scope_id, s.name) = (p_tenant, p_kind, p_id, p_group) for update;
    if not found then
        return;
    end if;
    update semmem.deliveries d set dead = true
    where (d.tenant, d.scope_kind, d.scope_id, d.group_name) = (p_tenant, p_kind, p_id, p_group)
      and not d.dead and d.leased_until <= clock_timestamp() and d.attempts >= p_attempts;
    if g.ordered and exists (
        select from semmem.deliveries d
        where (d.tenant, d.scope_kind, d.scope_id, d.group_name) = (p_tenant, p_kind, p_id, p_group)
          and not d.dead and d.leased_until > clock_timestamp())
    then
        return;
    end if;
    wanted := case when g.ordered then 1 else p_limit end;
    -- As an array, which is read once: a join may read it anew for each row, and lease more than the limit.
    update semmem.deliveries d
    set consumer = p_consumer, lease = p_lease, attempts = d.attempts + 1, leased_until = clock_timestamp() + p_for
    where (d.tenant, d.scope_kind, d.scope_id, d.group_name) = (p_tenant, p_kind, p_id, p_group) and d.position = any (array(
        select o.position from semmem.deliveries o
        where (o.tenant, o.scope_kind, o.scope_id, o.group_name) = (p_tenant, p_kind, p_id, p_group)
          and not o.dead and o.leased_until <= clock_timestamp()
        order by o.position limit wanted for update));
    get diagnostics given = row_count;
    wanted := wanted - given;
    if wanted = 0 or g.ordered and exists (
        select from semmem.deliveries d
        where (d.tenant, d.scope_kind, d.scope_id, d.group_name) = (p_tenant, p_kind, p_id, p_group) and not d.dead)
    then
        return;
    end if;

    -- Positions up to the head are all committed, so nothing appears behind it once this is read.
    select least(h.head, g.claimed + p_reach) into through from semmem.heads h
    where (h.tenant, h.scope_kind, h.scope_id) = (p_tenant, p_kind, p_id);
    if through is null then  -- nothing was ever written here
        return;
    end if;
    with new as materialized (
        select e.position, e.id from semmem.events e
        where (e.tenant, e.scope_kind, e.scope_id) = (p_tenant, p_kind, p_id)
          and e.position > g.claimed and e.position <= through
          and (cardinality(g.event_types) = 0 or e.event_type = any (g.event_types))
        order by e.position limit wanted
    ), standing as (  -- waits for one that is being forgotten, which is then none any more
        select n.position, n.id from new n join semmem.events e on e.tenant = p_tenant and e.id = n.id
        order by n.position for key share of e
    ), handed as (
        insert into semmem.deliveries (
            tenant, scope_kind, scope_id, group_name, position, event_id, consumer, lease, leased_until)
        select p_tenant, p_kind, p_id, p_group, s.position, s.id, p_consumer, p_lease, clock_timestamp() + p_for
        from standing s
    )
    select count(*), max(n.position) into found_new, last_new from new n;
    update semmem.groups s set claimed = case when found_new = wanted then last_new else through end
    where (s.tenant, s.scope_kind, s.scope_id, s.name) = (p_tenant, p_kind, p_id, p_group);
end $$;
