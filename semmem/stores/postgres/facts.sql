-- insert: a new fact or a new version with its sources; nothing where the same statement is current already
with inserted as (
    insert into semmem.facts (
        tenant, scope_kind, scope_id, id, thread, version, subject, text, statement_hash, category, confidence,
        importance, valid_from, valid_to, precision, trust, said_at, utc_offset, recorded_at, superseded_at, indexed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $19)
    on conflict (tenant, scope_kind, scope_id, statement_hash) where superseded_at is null do nothing
    returning id
), sourced as (
    insert into semmem.fact_sources (tenant, scope_kind, scope_id, fact_id, event_id, quote)
    select $1, $2, $3, id, event_id, quote from inserted, unnest($21::uuid[], $22::text[]) as s (event_id, quote)
    on conflict do nothing
)
select id from inserted;

-- with_hash: the current fact that already makes a statement
select id from semmem.facts
where (tenant, scope_kind, scope_id, statement_hash) = ($1, $2, $3, $4) and superseded_at is null;

-- supersede: closes a version, if it still is the current one
update semmem.facts
set superseded_at = $4, valid_to = least(valid_to, greatest($5::timestamptz, valid_from))
where tenant = $1 and id = $2 and version = $3 and superseded_at is null;

-- confirm: a statement was heard again; it is trusted as the best that made it
update semmem.facts
set confidence = greatest(confidence, $3), importance = greatest(importance, $4), said_at = greatest(said_at, $5),
    trust = ($7::text[])[greatest(array_position($7, trust), array_position($7, $6))]  -- in the order of trust
where tenant = $1 and id = $2 and superseded_at is null;

-- add_sources: the events a fact rests on, with the quotes
insert into semmem.fact_sources as s (tenant, scope_kind, scope_id, fact_id, event_id, quote, own_words)
select $1, $2, $3, $4, event_id, quote, $7 from unnest($5::uuid[], $6::text[]) as n (event_id, quote)
on conflict (tenant, fact_id, event_id) do update set own_words = true where excluded.own_words and not s.own_words;

-- retractions: what is not to be drawn from these events again
select event_id, statement_hash, quote from semmem.retractions where tenant = $1 and event_id = any ($2::uuid[]);

-- hydrate: rows of ids that an index returned; foreign and forgotten ids yield none
select * from semmem.sourced_facts f
where f.tenant = $1 and f.id = any ($2::uuid[]);

-- with_hashes: whoever makes one of these statements, superseded or not
select * from semmem.sourced_facts f
where (f.tenant, f.scope_kind, f.scope_id) = ($1, $2, $3) and f.statement_hash = any ($4::bytea[])
order by f.superseded_at is not null, f.recorded_at desc;

-- subjects: whom and what a scope's facts are about, as it was written
select distinct subject from semmem.facts where (tenant, scope_kind, scope_id) = ($1, $2, $3);

-- list: current facts, newest first, below one of them
select * from semmem.sourced_facts f
where (f.tenant, f.scope_kind, f.scope_id) = ($1, $2, $3)
  and ($4 or f.superseded_at is null)
  and ($5::text is null or f.category = $5)
  and ($6::text[] is null or f.subject = any ($6))
  and ($7::uuid is null or (f.recorded_at, f.id) < (
    select c.recorded_at, c.id from semmem.facts c where (c.tenant, c.scope_kind, c.scope_id, c.id) = ($1, $2, $3, $7)
  ))
order by f.recorded_at desc, f.id desc limit $8;

-- timeline: all versions of a fact, oldest first
select * from semmem.sourced_facts f
where f.tenant = $1 and (f.scope_kind, f.scope_id) = ($2, $3)
  and f.thread = (select thread from semmem.facts where tenant = $1 and id = $4)
order by f.version;

-- summaries: the newest summaries of a view, without the events they rest on, which may be thousands
select m.*, null::uuid[] as event_ids
from semmem.summaries m
where m.tenant = $1 and (m.scope_kind, m.scope_id) in (select * from unnest($2::text[], $3::text[])) and m.text is not null
order by m.session is not null, m.through_seq desc limit $4;

-- list_summaries: one scope's, in the order of the summary tier, below one of them
select m.*, s.event_ids
from semmem.summaries m,
lateral (
    select array_agg(event_id order by event_id) as event_ids
    from semmem.summary_sources where tenant = m.tenant and summary_id = m.id
) s
where (m.tenant, m.scope_kind, m.scope_id) = ($1, $2, $3) and m.text is not null
  and ($4::uuid is null or (m.session is null, m.through_seq, m.id) < (
    select c.session is null, c.through_seq, c.id from semmem.summaries c
    where (c.tenant, c.scope_kind, c.scope_id, c.id) = ($1, $2, $3, $4)
  ))
order by m.session is null desc, m.through_seq desc, m.id desc limit $5;

-- summary_texts: the scope's own summary and those of some sessions, however old; null where it has to be made again
select session, text from semmem.summaries
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and (session is null or session = any ($4::text[]));

-- put_summary: the rolling text of a session or scope, one row that counts its versions. One that is stale stays so until it
-- is made again of all it rests on, for a batch that was read before holds less or more
insert into semmem.summaries as m (
    tenant, scope_kind, scope_id, id, session, text, version, through_seq, recorded_at)
values ($1, $2, $3, $4, $5, $6, 1, $7, $8)
on conflict (tenant, scope_kind, scope_id, session) do update
set text = case when m.text is null then null else excluded.text end, version = m.version + 1, through_seq = greatest(m.through_seq, excluded.through_seq),
    recorded_at = case when m.text is null then null else excluded.recorded_at end
returning id;

-- add_summary_sources: the events a summary rests on
insert into semmem.summary_sources (tenant, scope_kind, scope_id, summary_id, event_id)
select $1, $2, $3, $4, unnest($5::uuid[])
on conflict do nothing;

-- stale_summaries: those to make again of what they rest on
select id, session from semmem.summaries
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and recorded_at is null order by session nulls first;

-- summary_statements: the weightiest current facts that rest on a summary's events, in the order they were said
select * from (
    select f.subject, f.text, f.importance, f.valid_from, f.valid_to, f.trust, min(e.seq) as seq, min(strpos(e.content, s.quote)) as place
    from semmem.summary_sources m
    join semmem.fact_sources s on s.tenant = m.tenant and s.event_id = m.event_id
    join semmem.facts f on f.tenant = s.tenant and f.id = s.fact_id and f.superseded_at is null
    join semmem.events e on e.tenant = s.tenant and e.id = s.event_id
    where m.tenant = $1 and m.summary_id = $2
    group by f.id, f.subject, f.text, f.importance, f.valid_from, f.valid_to, f.trust
    order by f.importance desc, seq desc limit $3
) best order by seq, place;

-- summary_events: the newest events that a summary rests on, oldest first
select * from (
    select e.* from semmem.summary_sources m join semmem.events e on e.tenant = m.tenant and e.id = m.event_id
    where m.tenant = $1 and m.summary_id = $2 order by e.seq desc limit $3
) newest order by seq;

-- renew_summary: what it says now
update semmem.summaries set text = $3, version = version + 1, recorded_at = $4 where tenant = $1 and id = $2;

-- drop_summary: there is nothing left to say
delete from semmem.summaries where tenant = $1 and id = $2;

-- add_dead_letter: what could not be extracted, or was refused
insert into semmem.dead_letters (tenant, scope_kind, scope_id, id, stage, reason, detail, event_ids, recorded_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- dead_letters: newest first, below one of them; replayed ones only on request
select * from semmem.dead_letters
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and ($4 or replayed_at is null)
  and ($5::uuid is null or (recorded_at, id) < (
    select c.recorded_at, c.id from semmem.dead_letters c
    where (c.tenant, c.scope_kind, c.scope_id, c.id) = ($1, $2, $3, $5)
  ))
order by recorded_at desc, id desc limit $6;

-- take_dead_letters: marks them replayed and tells whose events have to wait again
update semmem.dead_letters set replayed_at = $4
where (tenant, scope_kind, scope_id) = ($1, $2, $3) and replayed_at is null
  and ($5::uuid[] is null or id = any ($5))
returning id, stage, event_ids;

-- add_audit: who changed what, by ids and counts
insert into semmem.audit (
    tenant, scope_kind, scope_id, action, actor, item_ids, calls, prompt_tokens, completion_tokens, at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- usage: what extraction has cost in a scope
select coalesce(sum(calls), 0)::bigint as calls, coalesce(sum(prompt_tokens), 0)::bigint as prompt_tokens,
       coalesce(sum(completion_tokens), 0)::bigint as completion_tokens
from semmem.audit where (tenant, scope_kind, scope_id) = ($1, $2, $3);

-- unindexed: imported facts that recall cannot find yet, with where the first event they rest on was said
select f.*, e.session, e.agent from semmem.sourced_facts f left join lateral (
    select e.session, e.agent from semmem.fact_sources s join semmem.events e on (e.tenant, e.id) = (s.tenant, s.event_id)
    where s.tenant = f.tenant and s.fact_id = f.id order by e.seq limit 1
) e on true
where (f.tenant, f.scope_kind, f.scope_id) = ($1, $2, $3) and f.indexed_at is null
order by f.recorded_at, f.id limit $4;

-- lock_unindexed: which of these still wait
select id from semmem.facts where tenant = $1 and id = any ($2::uuid[]) and indexed_at is null
order by id for update;

-- mark_indexed: recall can find these now
update semmem.facts set indexed_at = $3 where tenant = $1 and id = any ($2::uuid[]);
