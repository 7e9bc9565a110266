-- close: a person takes back what holds
update semmem.facts set superseded_at = :now, ended = :how, ended_by = :by
where tenant = :tenant and id = :fact and superseded_at is null;

-- disown: versions that say the same as one that a person took back
update semmem.facts set ended = :how, ended_by = :by
where tenant = :tenant and id = any (:facts::uuid[]) and ended is null;

-- write_version: a person's next version, made of an earlier one, with what that rests on; the index job makes it
-- findable. Nothing where the same statement is current already
with written as (
    insert into semmem.facts (
        tenant, scope_kind, scope_id, id, thread, version, subject, text, statement_hash, category, confidence,
        importance, valid_from, valid_to, precision, trust, said_at, utc_offset, recorded_at, superseded_at, indexed_at,
        made, made_by, pinned_at, pinned_by)
    select :tenant, :kind, :id, :fact::uuid, thread, :version::integer, subject, :text, :hash::bytea, category,
           :confidence::double precision, importance, :valid_from::timestamptz, :valid_to::timestamptz, :precision,
           :trust, :said_at::timestamptz, utc_offset, :now::timestamptz, null, null, :how, :by, pinned_at, pinned_by
    from semmem.facts where tenant = :tenant and id = :of
    on conflict (tenant, scope_kind, scope_id, statement_hash) where superseded_at is null do nothing
    returning id
), sourced as (
    insert into semmem.fact_sources (tenant, scope_kind, scope_id, fact_id, event_id, quote, own_words)
    select s.tenant, s.scope_kind, s.scope_id, written.id, s.event_id, s.quote, s.own_words
    from written, semmem.fact_sources s where s.tenant = :tenant and s.fact_id = :of
)
select id from written;

-- pin: or unpin, where no time is given: every version of a thread
update semmem.facts set pinned_at = :at, pinned_by = :by
where (tenant, scope_kind, scope_id, thread) = (:tenant, :kind, :id, :thread);

-- count_pinned: facts of the scope that hold and are pinned; by the condition of the index facts_pinned
select count(*) from semmem.facts
where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id) and superseded_at is null and pinned_at is not null;
