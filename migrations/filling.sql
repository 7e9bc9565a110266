-- try_lock: until the transaction ends
select pg_try_advisory_xact_lock($1) as alone;

-- missing: of these indexes
select name from unnest($1::text[]) name
where not exists (select from pg_index where indexrelid = to_regclass('semmem.' || name) and indisvalid);

-- scopes: all there are
select tenant, scope_kind, scope_id from semmem.scopes;

-- view: from here on, to the end of the transaction, this scope's rows alone are there
select set_config('semmem.tenant', $1, true),
       set_config('semmem.users', array(select $3::text where $2::text = 'user')::text, true),
       set_config('semmem.workspaces', array(select $3::text where $2::text = 'workspace')::text, true),
       set_config('semmem.branches', array(select $3::text where $2::text = 'branch')::text, true);

-- lock: as whoever changes a scope's rows does first
select from semmem.scopes where (tenant, scope_kind, scope_id) = ($1, $2, $3) for no key update;

-- place: the next events without a position, behind those that have one; the seq of the last, or null where none is left
with next as (
    select id, seq, row_number() over (order by seq) as number from (
        select id, seq from semmem.events
        where (tenant, scope_kind, scope_id) = ($1, $2, $3) and seq > $4 and position is null
        order by seq limit $5
    ) e
), placed as (
    update semmem.events e set position = n.number + coalesce((
        select b.position from semmem.events b
        where (b.tenant, b.scope_kind, b.scope_id) = ($1, $2, $3) and b.seq < (select min(seq) from next)
        order by b.seq desc limit 1), 0)
    from next n where e.tenant = $1 and e.id = n.id
    returning e.seq
)
select max(seq) from placed;

-- withdraw: what was broken off
alter table semmem.events drop constraint if exists events_placed;

-- promise: checked by the next statement, while others write
alter table semmem.events add constraint events_placed check (position is not null) not valid;

-- check: that all have one
alter table semmem.events validate constraint events_placed;

-- require: at once, for the check has proved it
alter table semmem.events alter position set not null, drop constraint events_placed;

-- drop_weightiest: an index that was broken off
drop index concurrently if exists semmem.facts_weightiest;

-- weightiest: by which each context finds the facts of its profile; standing.sql asks by the same condition
create index concurrently facts_weightiest on semmem.facts
    (tenant, scope_kind, scope_id, importance desc, recorded_at desc, id)
    where superseded_at is null and trust = 'user'
      and (category in ('profile', 'preference', 'relationship', 'decision') or version > 1);

-- drop_pinned: an index that was broken off
drop index concurrently if exists semmem.facts_pinned;

-- pinned: by which each context finds the facts that people pinned, and a pin how many there are
create index concurrently facts_pinned on semmem.facts (tenant, scope_kind, scope_id)
    where superseded_at is null and pinned_at is not null;

-- drop_ended: an index that was broken off
drop index concurrently if exists semmem.facts_ended;

-- ended: by which a fact finds what it has ended
create index concurrently facts_ended on semmem.facts (tenant, successor) where successor is not null;

-- drop: an index that was broken off
drop index concurrently if exists semmem.events_in_order;

-- index: while others write
create unique index concurrently events_in_order on semmem.events (tenant, scope_kind, scope_id, position);
