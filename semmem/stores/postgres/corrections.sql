-- close: a person takes back what holds
update semmem.facts set superseded_at = :now, ended = :how, ended_by = :by
where tenant = :tenant and id = :fact and superseded_at is null;

-- yield: what held while a version was taken back is ended by that one's return
update semmem.facts
set said_to = case when successor is null then valid_to else said_to end, successor = :made
where tenant = :tenant and id = :fact;

-- disown: versions that say the same as one that a person took back
update semmem.facts set ended = :how, ended_by = :by
where tenant = :tenant and id = any (:facts::uuid[]) and ended is null;

-- write_version: a person's next version, made of an earlier one, with what that rests on, and the plan that one ends with;
-- the index job makes it findable. Nothing where the same statement is current already
with written as (
    insert into semmem.facts (
        tenant, scope_kind, scope_id, id, thread, version, subject, text, statement_hash, category, confidence,
        importance, valid_from, valid_to, precision, trust, said_at, utc_offset, recorded_at, superseded_at, indexed_at,
        made, made_by, pinned_at, pinned_by, successor, said_to)
    select :tenant, :kind, :id, :fact::uuid, thread, :version::integer, subject, :text, :hash::bytea, category,
           :confidence::double precision, importance, :valid_from::timestamptz, :valid_to::timestamptz, :precision,
           :trust, :said_at::timestamptz, utc_offset, :now::timestamptz, null, null, :how, :by, pinned_at, pinned_by,
           case when :how = 'corrected' and valid_to = :valid_to then successor end, said_to
    from semmem.facts where tenant = :tenant and id = :of
    on conflict (tenant, scope_kind, scope_id, statement_hash) where superseded_at is null do nothing
    returning id
), sourced as (
    insert into semmem.fact_sources (tenant, scope_kind, scope_id, fact_id, event_id, quote, own_words, dates)
    select s.tenant, s.scope_kind, s.scope_id, written.id, s.event_id, s.quote, s.own_words, s.dates
    from written, semmem.fact_sources s where s.tenant = :tenant and s.fact_id = :of
)
select id from written;

-- pin: or unpin, where no time is given: every version of a thread
update semmem.facts set pinned_at = :at, pinned_by = :by
where (tenant, scope_kind, scope_id, thread) = (:tenant, :kind, :id, :thread);

-- count_pinned: facts of the scope that hold and are pinned; by the condition of the index facts_pinned
select count(*) from semmem.facts
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and superseded_at is null and pinned_at is not null;

-- own_end: until when a superseded version said itself that it holds, where that is kept
select said_to from semmem.facts where tenant = :tenant and id = :fact and successor is not null;

-- ended_elsewhere: what a version had ended outside its thread, with its own end; it holds again once that is taken back,
-- unless its thread goes on or another fact says the same
select distinct on (f.statement_hash) f.id, f.said_to
from semmem.facts w join semmem.facts f on f.tenant = w.tenant and f.successor = w.id and f.thread <> w.thread
where w.tenant = :tenant and w.id = :fact and f.superseded_at is not null and f.ended is null
  and not exists (select from semmem.facts x
                  where (x.tenant, x.scope_kind, x.scope_id, x.thread) = (f.tenant, f.scope_kind, f.scope_id, f.thread)
                    and x.version > f.version)
  and not exists (select from semmem.facts x
                  where (x.tenant, x.scope_kind, x.scope_id, x.statement_hash)
                      = (f.tenant, f.scope_kind, f.scope_id, f.statement_hash) and x.superseded_at is null)
order by f.statement_hash, f.said_at desc, f.id;

-- end_again: what held again in other threads while a version was taken back, which is restored
update semmem.facts f
set superseded_at = :now, successor = r.id, said_to = f.valid_to,
    valid_to = least(f.valid_to, greatest(coalesce(r.valid_from, o.valid_to), f.valid_from))
from semmem.facts r join semmem.facts o on o.tenant = r.tenant and o.successor = r.id and o.thread <> r.thread
where r.tenant = :tenant and r.id = :fact and f.made = 'reopened' and f.superseded_at is null
  and (f.tenant, f.scope_kind, f.scope_id, f.thread, f.statement_hash)
    = (o.tenant, o.scope_kind, o.scope_id, o.thread, o.statement_hash)
returning f.id;
