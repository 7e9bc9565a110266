-- The whole schema, as all revisions together make it: `make schema` writes this file, and nobody edits it. The reasons
-- stand beside what they are of, in migrations/versions. Roles belong to the server, and are there already.

set check_function_bodies = off;  -- functions may be made of each other

create extension if not exists vector with schema public;
create schema semmem;

grant usage on schema semmem to semmem_app, semmem_sweeper;

create type semmem.pgqueuer_status as enum ('queued', 'picked', 'successful', 'exception', 'canceled', 'deleted', 'failed');

CREATE OR REPLACE FUNCTION semmem.guard(p_table regclass, p_changing text[] DEFAULT NULL::text[], p_swept text[] DEFAULT '{}'::text[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
    inside constant text := $policy$
        tenant = (select current_setting('semmem.tenant', true))
        and case scope_kind
            when 'user' then scope_id = any ((select nullif(current_setting('semmem.users', true), '')::text[])::text[])
            when 'workspace' then scope_id = any ((select nullif(current_setting('semmem.workspaces', true), '')::text[])::text[])
            else scope_id = any ((select nullif(current_setting('semmem.branches', true), '')::text[])::text[])
        end
    $policy$;
    -- What may be sampled although it is text: addresses, and names of our own.
    own_names constant text[] := array[
        'tenant', 'scope_kind', 'scope_id', 'index_name', 'item_kind', 'role', 'trust', 'precision', 'stage'];
    said name;
    numbers regclass;
begin
    execute format('alter table %s enable row level security, force row level security', p_table);
    execute format('drop policy if exists view on %s', p_table);
    execute format('create policy view on %1$s using (%2$s) with check (%2$s)', p_table, inside);

    execute format('revoke all on %s from semmem_app, semmem_sweeper', p_table);
    execute format('grant select, insert, delete on %s to semmem_app', p_table);
    if p_changing is null then
        execute format('grant update on %s to semmem_app', p_table);
    elsif cardinality(p_changing) > 0 then
        execute format('grant update (%s) on %s to semmem_app', (
            select string_agg(quote_ident(name), ', ') from unnest(p_changing) as name), p_table);
    end if;
    for numbers in
        select c.oid from pg_depend d join pg_class c on c.oid = d.objid and c.relkind = 'S'
        where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = p_table
    loop
        execute format('grant usage on sequence %s to semmem_app', numbers);
    end loop;

    execute format('drop policy if exists sweep on %s', p_table);
    if cardinality(p_swept) > 0 then
        execute format('create policy sweep on %s for select to semmem_sweeper using (true)', p_table);
        execute format('grant select (%s) on %s to semmem_sweeper', (
            select string_agg(quote_ident(name), ', ') from unnest(p_swept) as name), p_table);
    end if;

    -- ANALYZE copies values into pg_statistic, where they outlive their rows: a table that was emptied keeps its last
    -- sample. So no column is sampled that may hold a caller's words, or numbers made of them. (Addresses remain in
    -- receipts anyway.)
    for said in
        select attname from pg_attribute
        where attrelid = p_table and attnum > 0 and not attisdropped and attname <> all (own_names)
          and format_type(atttypid, null) in ('text', 'text[]', 'bytea', 'json', 'jsonb', 'vector', 'public.vector')
    loop
        execute format('alter table %s alter column %I set statistics 0', p_table, said);
    end loop;
end $function$;
revoke all on function semmem.guard(regclass,text[],text[]) from public;
grant execute on function semmem.guard(regclass,text[],text[]) to semmem_app;

create table semmem.audit (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    id uuid default gen_random_uuid() not null,
    action text not null,
    actor text not null,
    item_ids uuid[] not null,
    calls integer default 0 not null,
    prompt_tokens integer default 0 not null,
    completion_tokens integer default 0 not null,
    at timestamp with time zone not null,
    constraint audit_pkey PRIMARY KEY (tenant, id)
);
CREATE INDEX audit_of_scope ON semmem.audit USING btree (tenant, scope_kind, scope_id, at);
select semmem.guard('semmem.audit', '{}', '{}');

create table semmem.branches (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    branch_id text collate "C" not null,
    path text[] collate "C" not null,
    owner text collate "C",
    constraint branches_pkey PRIMARY KEY (tenant, scope_kind, scope_id, branch_id)
);
select semmem.guard('semmem.branches', null, '{tenant,scope_kind,scope_id,branch_id}');

create table semmem.checkpoints (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    name text collate "C" not null,
    "position" bigint not null,
    digest bytea not null,
    agent text collate "C",
    at timestamp with time zone not null,
    pinned boolean not null,
    constraint checkpoints_pkey PRIMARY KEY (tenant, scope_kind, scope_id, name)
);
select semmem.guard('semmem.checkpoints', '{pinned}', '{}');

create table semmem.dead_letters (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    id uuid not null,
    stage text not null,
    reason text not null,
    detail text not null,
    event_ids uuid[] not null,
    recorded_at timestamp with time zone not null,
    replayed_at timestamp with time zone,
    constraint dead_letters_pkey PRIMARY KEY (tenant, id),
    constraint dead_letters_stage_check CHECK (stage = ANY (ARRAY['extraction'::text, 'draft'::text, 'embedding'::text]))
);
CREATE INDEX dead_letters_of_scope ON semmem.dead_letters USING btree (tenant, scope_kind, scope_id, recorded_at, id);
select semmem.guard('semmem.dead_letters', null, '{tenant,scope_kind,scope_id,stage,replayed_at}');

create table semmem.entries (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    "position" bigint not null,
    kind text not null,
    agent text collate "C",
    subject text collate "C",
    fields text[] collate "C" default '{}'::text[] not null,
    items uuid[] default '{}'::uuid[] not null,
    detail jsonb default '{}'::jsonb not null,
    at timestamp with time zone not null,
    constraint entries_pkey PRIMARY KEY (tenant, scope_kind, scope_id, "position"),
    constraint entries_kind_check CHECK (kind <> 'event'::text)
);
select semmem.guard('semmem.entries', '{}', '{}');

create table semmem.fields (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    field text collate "C" not null,
    version integer not null,
    digest text not null,
    declared_at bigint not null,
    reducer text not null,
    shape text not null,
    refuses boolean not null,
    keep integer,
    readers text[] collate "C",
    writers text[] collate "C",
    pieces bigint default 0 not null,
    changed_at bigint default 0 not null,
    changed_by text collate "C",
    changed_before bigint default 0 not null,
    before_by text collate "C",
    constraint fields_pkey PRIMARY KEY (tenant, scope_kind, scope_id, field),
    constraint fields_shape_check CHECK (shape = ANY (ARRAY['single'::text, 'items'::text, 'keys'::text, 'members'::text])),
    constraint fields_version_check CHECK (version >= 1)
) with (fillfactor=50);
select semmem.guard('semmem.fields', null, '{}');

create table semmem.followers (
    store text not null,
    named_at timestamp with time zone default now() not null,
    constraint followers_pkey PRIMARY KEY (store)
);
grant delete, insert, select, update on semmem.followers to semmem_app;

create table semmem.groups (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    name text collate "C" not null,
    event_types text[] collate "C" not null,
    ordered boolean not null,
    claimed bigint not null,
    constraint groups_pkey PRIMARY KEY (tenant, scope_kind, scope_id, name)
);
select semmem.guard('semmem.groups', '{claimed}', '{}');

create table semmem.heads (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    head bigint not null,
    floor bigint default 0 not null,
    state_floor bigint default 0 not null,
    constraint heads_pkey PRIMARY KEY (tenant, scope_kind, scope_id)
) with (fillfactor=50);
select semmem.guard('semmem.heads', null, '{tenant,scope_kind,scope_id,head}');

create table semmem.index_work (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    item_id uuid not null,
    seq bigint generated always as identity,
    constraint index_work_pkey PRIMARY KEY (tenant, item_id)
);
CREATE INDEX index_work_of_scope ON semmem.index_work USING btree (tenant, scope_kind, scope_id, seq);
select semmem.guard('semmem.index_work', null, '{tenant,scope_kind,scope_id,item_id,seq}');

create table semmem.indexes (
    name text not null,
    model text not null,
    dimensions integer,
    made_at timestamp with time zone default now() not null,
    constraint indexes_pkey PRIMARY KEY (name),
    constraint indexes_dimensions_check CHECK (dimensions >= 1 AND dimensions <= 16000)
);
grant delete, insert, select, update on semmem.indexes to semmem_app;

create table semmem.locks (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    name text collate "C" not null,
    token bigint not null,
    holder text collate "C",
    held_until timestamp with time zone not null,
    constraint locks_pkey PRIMARY KEY (tenant, scope_kind, scope_id, name)
) with (fillfactor=50);
select semmem.guard('semmem.locks', null, '{}');

create table semmem.mirror (
    one boolean default true not null,
    prefix text not null,
    stamp uuid not null,
    next uuid,
    whole boolean default false not null,
    through bigint,
    changes bigint,
    constraint mirror_pkey PRIMARY KEY (one),
    constraint mirror_one_check CHECK (one)
);
grant delete, insert, select, update on semmem.mirror to semmem_app;

create table semmem.passages (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    item_id uuid not null,
    item_kind text not null,
    session text collate "C" default ''::text not null,
    place integer,
    voice text not null,
    told boolean not null,
    at timestamp with time zone not null,
    long boolean not null,
    cues smallint not null,
    states bytea,
    constraint passages_pkey PRIMARY KEY (tenant, item_id),
    constraint passages_item_kind_check CHECK (item_kind = ANY (ARRAY['event'::text, 'fact'::text]))
);
alter table semmem.passages alter states set storage external;
CREATE UNIQUE INDEX passages_in_session ON semmem.passages USING btree (tenant, scope_kind, scope_id, session, place);
select semmem.guard('semmem.passages', null, '{}');

create table semmem.pgqueuer (
    id bigserial,
    priority integer not null,
    queue_manager_id uuid,
    created timestamp with time zone default now() not null,
    updated timestamp with time zone default now() not null,
    heartbeat timestamp with time zone default now() not null,
    execute_after timestamp with time zone default now() not null,
    status semmem.pgqueuer_status not null,
    entrypoint text not null,
    dedupe_key text,
    payload bytea,
    headers jsonb,
    attempts integer default 0 not null,
    slot bigint,
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    constraint pgqueuer_pkey PRIMARY KEY (id)
);
CREATE INDEX pgqueuer_ep_ea_idx ON semmem.pgqueuer USING btree (entrypoint, execute_after) WHERE (status = 'queued'::semmem.pgqueuer_status);
CREATE INDEX pgqueuer_ep_prio_id_idx ON semmem.pgqueuer USING btree (entrypoint, priority DESC, id) WHERE (status = 'queued'::semmem.pgqueuer_status);
CREATE INDEX pgqueuer_of_scope ON semmem.pgqueuer USING btree (tenant, scope_kind, scope_id);
CREATE INDEX pgqueuer_picked_heartbeat_idx ON semmem.pgqueuer USING btree (heartbeat) WHERE (status = 'picked'::semmem.pgqueuer_status);
CREATE UNIQUE INDEX pgqueuer_picked_slot_idx ON semmem.pgqueuer USING btree (entrypoint, slot) WHERE ((status = 'picked'::semmem.pgqueuer_status) AND (slot IS NOT NULL));
CREATE INDEX pgqueuer_priority_id_id1_idx ON semmem.pgqueuer USING btree (priority, id DESC) INCLUDE (id) WHERE (status = 'queued'::semmem.pgqueuer_status);
CREATE INDEX pgqueuer_queue_manager_id_idx ON semmem.pgqueuer USING btree (queue_manager_id) WHERE (queue_manager_id IS NOT NULL);
CREATE UNIQUE INDEX pgqueuer_unique_dedupe_key ON semmem.pgqueuer USING btree (dedupe_key) WHERE ((status = ANY (ARRAY['queued'::semmem.pgqueuer_status, 'picked'::semmem.pgqueuer_status])) AND (dedupe_key IS NOT NULL));
CREATE INDEX pgqueuer_updated_id_id1_idx ON semmem.pgqueuer USING btree (updated, id DESC) INCLUDE (id) WHERE (status = 'picked'::semmem.pgqueuer_status);
select semmem.guard('semmem.pgqueuer', null, '{}');
create policy work on semmem.pgqueuer to semmem_sweeper using (true) with check (true);
grant delete, insert, select, update on semmem.pgqueuer to semmem_sweeper;
grant usage on sequence semmem.pgqueuer_id_seq to semmem_sweeper;

create table semmem.pgqueuer_log (
    id bigint generated by default as identity,
    created timestamp with time zone default now() not null,
    job_id bigint not null,
    status semmem.pgqueuer_status not null,
    priority integer not null,
    entrypoint text not null,
    traceback jsonb,
    aggregated boolean default false,
    constraint pgqueuer_log_pkey PRIMARY KEY (id)
);
CREATE INDEX pgqueuer_log_created ON semmem.pgqueuer_log USING btree (created);
CREATE INDEX pgqueuer_log_job_id_status ON semmem.pgqueuer_log USING btree (job_id, created DESC);
CREATE INDEX pgqueuer_log_not_aggregated ON semmem.pgqueuer_log USING btree ((1)) WHERE (NOT aggregated);
CREATE INDEX pgqueuer_log_status ON semmem.pgqueuer_log USING btree (status);
grant delete, insert, select, update on semmem.pgqueuer_log to semmem_sweeper;
grant usage on sequence semmem.pgqueuer_log_id_seq to semmem_sweeper;

create table semmem.pgqueuer_schedules (
    id bigserial,
    expression text not null,
    entrypoint text not null,
    heartbeat timestamp with time zone default now() not null,
    created timestamp with time zone default now() not null,
    updated timestamp with time zone default now() not null,
    next_run timestamp with time zone default now() not null,
    last_run timestamp with time zone,
    status semmem.pgqueuer_status default 'queued'::semmem.pgqueuer_status,
    constraint pgqueuer_schedules_pkey PRIMARY KEY (id),
    constraint pgqueuer_schedules_expression_entrypoint_key UNIQUE (expression, entrypoint)
);

create table semmem.pgqueuer_statistics (
    id bigserial,
    created timestamp with time zone default date_trunc('sec'::text, now()) not null,
    count bigint not null,
    priority integer not null,
    status semmem.pgqueuer_status not null,
    entrypoint text not null,
    constraint pgqueuer_statistics_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX pgqueuer_statistics_unique_count ON semmem.pgqueuer_statistics USING btree (priority, date_trunc('sec'::text, timezone('UTC'::text, created)), status, entrypoint);
grant delete, insert, select, update on semmem.pgqueuer_statistics to semmem_sweeper;
grant usage on sequence semmem.pgqueuer_statistics_id_seq to semmem_sweeper;

create table semmem.questions (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    id uuid not null,
    key text collate "C",
    agent text collate "C" not null,
    asked text collate "C" not null,
    question text not null,
    options text[] not null,
    "position" bigint not null,
    asked_at timestamp with time zone not null,
    until timestamp with time zone not null,
    choice text,
    answered_by text collate "C",
    answered_at timestamp with time zone,
    received_at timestamp with time zone,
    closed_at timestamp with time zone,
    constraint questions_pkey PRIMARY KEY (tenant, scope_kind, scope_id, id)
);
CREATE UNIQUE INDEX question_of_key ON semmem.questions USING btree (tenant, scope_kind, scope_id, agent, key) WHERE (key IS NOT NULL);
CREATE INDEX questions_in_order ON semmem.questions USING btree (tenant, scope_kind, scope_id, "position");
select semmem.guard('semmem.questions', '{key,choice,answered_by,answered_at,received_at,closed_at}', '{}');

create table semmem.receipts (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    id uuid not null,
    counts jsonb not null,
    committed_at timestamp with time zone not null,
    scrub_due timestamp with time zone,
    scrubbed_at timestamp with time zone,
    branches text[] collate "C" default '{}'::text[] not null,
    parts uuid[] default '{}'::uuid[] not null,
    constraint receipts_pkey PRIMARY KEY (tenant, id)
);
CREATE INDEX receipts_of_scope ON semmem.receipts USING btree (tenant, scope_kind, scope_id, committed_at, id);
CREATE INDEX receipts_to_scrub ON semmem.receipts USING btree (tenant, scrub_due) WHERE ((scrub_due IS NOT NULL) AND (scrubbed_at IS NULL));
select semmem.guard('semmem.receipts', null, '{}');

create table semmem.roster (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    agent text collate "C" not null,
    work_role text collate "C" not null,
    invited boolean not null,
    status text,
    detail text,
    told_at timestamp with time zone,
    until timestamp with time zone,
    constraint roster_pkey PRIMARY KEY (tenant, scope_kind, scope_id, agent)
) with (fillfactor=50);
select semmem.guard('semmem.roster', null, '{}');

create table semmem.scope_settings (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    zone text collate "C",
    keep_events_for interval,
    due_at timestamp with time zone,
    changed_at timestamp with time zone not null,
    constraint scope_settings_pkey PRIMARY KEY (tenant, scope_kind, scope_id),
    constraint scope_settings_keep_events_for_check CHECK (keep_events_for > '00:00:00'::interval)
);
CREATE INDEX settings_due ON semmem.scope_settings USING btree (tenant, scope_kind, scope_id, due_at) WHERE (due_at IS NOT NULL);
select semmem.guard('semmem.scope_settings', '{zone,keep_events_for,due_at,changed_at}', '{tenant,scope_kind,scope_id,due_at}');

create table semmem.scopes (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    epoch bigint default 0 not null,
    items bigint default 0 not null,
    terms bigint default 0 not null,
    constraint scopes_pkey PRIMARY KEY (tenant, scope_kind, scope_id),
    constraint scopes_scope_kind_check CHECK (scope_kind = ANY (ARRAY['user'::text, 'workspace'::text, 'branch'::text]))
);
select semmem.guard('semmem.scopes', null, '{tenant,scope_kind,scope_id}');

create table semmem.state (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    field text collate "C" not null,
    piece text collate "C" not null,
    from_position bigint not null,
    to_position bigint,
    shape text not null,
    value jsonb not null,
    confidence double precision not null,
    agent text collate "C",
    told_at timestamp with time zone not null,
    recorded_at timestamp with time zone not null,
    constraint state_pkey PRIMARY KEY (tenant, scope_kind, scope_id, field, piece, from_position),
    constraint state_check CHECK (to_position > from_position),
    constraint state_confidence_check CHECK (confidence >= 0::double precision AND confidence <= 1::double precision),
    constraint state_shape_check CHECK (shape = ANY (ARRAY['single'::text, 'items'::text, 'keys'::text, 'members'::text]))
) with (fillfactor=85);
CREATE UNIQUE INDEX state_current ON semmem.state USING btree (tenant, scope_kind, scope_id, field, piece) WHERE (to_position IS NULL);
CREATE INDEX state_ended ON semmem.state USING btree (tenant, scope_kind, scope_id, to_position) WHERE (to_position IS NOT NULL);
select semmem.guard('semmem.state', '{to_position}', '{}');
create policy begun on semmem.state as restrictive for insert with check (field <> ALL ((( SELECT COALESCE(NULLIF(current_setting('semmem.unwritable'::text, true), ''::text), '{}'::text)::text[] AS "coalesce"))::text[]));
create policy ended on semmem.state as restrictive for update using (true) with check (field <> ALL ((( SELECT COALESCE(NULLIF(current_setting('semmem.unwritable'::text, true), ''::text), '{}'::text)::text[] AS "coalesce"))::text[]));
create policy readable on semmem.state as restrictive for select using (field <> ALL ((( SELECT COALESCE(NULLIF(current_setting('semmem.unreadable'::text, true), ''::text), '{}'::text)::text[] AS "coalesce"))::text[]));
create policy removed on semmem.state as restrictive for delete using (field <> ALL ((( SELECT COALESCE(NULLIF(current_setting('semmem.unwritable'::text, true), ''::text), '{}'::text)::text[] AS "coalesce"))::text[]));

create table semmem.terms (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    term text collate "C" not null,
    item_id uuid not null,
    tf integer not null,
    length integer not null,
    constraint terms_pkey PRIMARY KEY (tenant, scope_kind, scope_id, term, item_id) INCLUDE (tf, length)
);
CREATE INDEX terms_of_item ON semmem.terms USING btree (tenant, item_id);
select semmem.guard('semmem.terms', null, '{}');

create table semmem.threads (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    thread text collate "C" not null,
    namespace text collate "C" not null,
    owner uuid not null,
    turn bigint default 1 not null,
    constraint threads_pkey PRIMARY KEY (tenant, scope_kind, scope_id, thread, namespace)
) with (fillfactor=70);
select semmem.guard('semmem.threads', '{owner,turn}', '{}');

create table semmem.workers (
    id uuid not null,
    started_at timestamp with time zone default now() not null,
    beat_at timestamp with time zone default now() not null,
    lease interval not null,
    silent text[] default '{}'::text[] not null,
    stores text[] default '{}'::text[] not null,
    constraint workers_pkey PRIMARY KEY (id)
);
grant delete, insert, select, update on semmem.workers to semmem_app;

create table semmem.workspaces (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    task text not null,
    "position" bigint not null,
    begun_at timestamp with time zone not null,
    begun_by text collate "C",
    ended_at timestamp with time zone,
    status text,
    constraint workspaces_pkey PRIMARY KEY (tenant, scope_kind, scope_id)
);
select semmem.guard('semmem.workspaces', null, '{}');

create table semmem.conflicts (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    field text collate "C" not null,
    reduced bigint default 0 not null,
    refused bigint default 0 not null,
    constraint conflicts_pkey PRIMARY KEY (tenant, scope_kind, scope_id, field),
    constraint conflicts_tenant_scope_kind_scope_id_field_fkey FOREIGN KEY (tenant, scope_kind, scope_id, field) REFERENCES semmem.fields(tenant, scope_kind, scope_id, field) ON DELETE CASCADE
) with (fillfactor=50);
select semmem.guard('semmem.conflicts', '{reduced,refused}', '{}');

create table semmem.events (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    id uuid not null,
    seq bigint generated always as identity,
    session text collate "C",
    role text not null,
    speaker text,
    agent text collate "C",
    agent_type text,
    event_type text not null,
    content text not null,
    importance double precision not null,
    metadata json not null,
    occurred_at timestamp with time zone not null,
    utc_offset interval,
    recorded_at timestamp with time zone not null,
    key text collate "C",
    body_hash bytea not null,
    report_hash bytea,
    witnesses text[] collate "C" default '{}'::text[] not null,
    indexed_at timestamp with time zone,
    consolidated_at timestamp with time zone,
    "position" bigint not null,
    constraint events_pkey PRIMARY KEY (tenant, id),
    constraint events_tenant_scope_kind_scope_id_key_key UNIQUE (tenant, scope_kind, scope_id, key),
    constraint events_importance_check CHECK (importance >= 0::double precision AND importance <= 1::double precision),
    constraint events_role_check CHECK (role = ANY (ARRAY['user'::text, 'assistant'::text, 'tool'::text, 'system'::text])),
    constraint events_tenant_scope_kind_scope_id_fkey FOREIGN KEY (tenant, scope_kind, scope_id) REFERENCES semmem.scopes(tenant, scope_kind, scope_id)
);
CREATE UNIQUE INDEX events_in_order ON semmem.events USING btree (tenant, scope_kind, scope_id, "position");
CREATE INDEX events_newest ON semmem.events USING btree (tenant, scope_kind, scope_id, seq DESC);
CREATE INDEX events_of_report ON semmem.events USING btree (tenant, scope_kind, scope_id, report_hash) WHERE (report_hash IS NOT NULL);
CREATE INDEX events_of_session ON semmem.events USING btree (tenant, scope_kind, scope_id, session, seq);
CREATE INDEX events_waiting ON semmem.events USING btree (tenant, scope_kind, scope_id, seq) WHERE ((consolidated_at IS NULL) OR (indexed_at IS NULL));
select semmem.guard('semmem.events', '{agent,agent_type,body_hash,witnesses,indexed_at,consolidated_at}', '{tenant,scope_kind,scope_id,recorded_at,indexed_at,consolidated_at}');

create table semmem.facts (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    id uuid not null,
    thread uuid not null,
    version integer not null,
    subject text not null,
    text text not null,
    statement_hash bytea not null,
    category text not null,
    confidence double precision not null,
    importance double precision not null,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    "precision" text,
    trust text not null,
    said_at timestamp with time zone not null,
    utc_offset interval,
    recorded_at timestamp with time zone not null,
    superseded_at timestamp with time zone,
    indexed_at timestamp with time zone,
    made text,
    made_by text collate "C",
    ended text,
    ended_by text collate "C",
    pinned_at timestamp with time zone,
    pinned_by text collate "C",
    successor uuid,
    said_to timestamp with time zone,
    constraint facts_pkey PRIMARY KEY (tenant, id),
    constraint facts_tenant_scope_kind_scope_id_thread_version_key UNIQUE (tenant, scope_kind, scope_id, thread, version),
    constraint facts_confidence_check CHECK (confidence >= 0::double precision AND confidence <= 1::double precision),
    constraint facts_importance_check CHECK (importance >= 0::double precision AND importance <= 1::double precision),
    constraint facts_precision_check CHECK ("precision" = ANY (ARRAY['year'::text, 'month'::text, 'day'::text, 'instant'::text])),
    constraint facts_trust_check CHECK (trust = ANY (ARRAY['user'::text, 'assistant'::text, 'tool'::text, 'system'::text])),
    constraint facts_version_check CHECK (version >= 1),
    constraint facts_tenant_scope_kind_scope_id_fkey FOREIGN KEY (tenant, scope_kind, scope_id) REFERENCES semmem.scopes(tenant, scope_kind, scope_id)
);
CREATE UNIQUE INDEX facts_current ON semmem.facts USING btree (tenant, scope_kind, scope_id, statement_hash) WHERE (superseded_at IS NULL);
CREATE INDEX facts_ended ON semmem.facts USING btree (tenant, successor) WHERE (successor IS NOT NULL);
CREATE INDEX facts_newest ON semmem.facts USING btree (tenant, scope_kind, scope_id, recorded_at, id);
CREATE INDEX facts_pinned ON semmem.facts USING btree (tenant, scope_kind, scope_id) WHERE ((superseded_at IS NULL) AND (pinned_at IS NOT NULL));
CREATE INDEX facts_waiting ON semmem.facts USING btree (tenant, scope_kind, scope_id) WHERE (indexed_at IS NULL);
CREATE INDEX facts_weightiest ON semmem.facts USING btree (tenant, scope_kind, scope_id, importance DESC, recorded_at DESC, id) WHERE ((superseded_at IS NULL) AND (trust = 'user'::text) AND ((category = ANY (ARRAY['profile'::text, 'preference'::text, 'relationship'::text, 'decision'::text])) OR (version > 1)));
CREATE INDEX facts_with_statement ON semmem.facts USING btree (tenant, scope_kind, scope_id, statement_hash);
select semmem.guard('semmem.facts', null, '{tenant,scope_kind,scope_id,indexed_at}');

create table semmem.receipt_stores (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    receipt_id uuid not null,
    store text not null,
    done_at timestamp with time zone,
    constraint receipt_stores_pkey PRIMARY KEY (tenant, receipt_id, store),
    constraint receipt_stores_tenant_receipt_id_fkey FOREIGN KEY (tenant, receipt_id) REFERENCES semmem.receipts(tenant, id) ON DELETE CASCADE
);
CREATE INDEX receipt_stores_open ON semmem.receipt_stores USING btree (tenant, scope_kind, scope_id, store) WHERE (done_at IS NULL);
select semmem.guard('semmem.receipt_stores', '{done_at}', '{tenant,scope_kind,scope_id,store,done_at}');

create table semmem.summaries (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    id uuid not null,
    session text collate "C",
    text text,
    version integer not null,
    through_seq bigint not null,
    recorded_at timestamp with time zone,
    constraint summaries_pkey PRIMARY KEY (tenant, id),
    constraint summaries_tenant_scope_kind_scope_id_session_key UNIQUE NULLS NOT DISTINCT (tenant, scope_kind, scope_id, session),
    constraint summaries_check CHECK ((text IS NULL) = (recorded_at IS NULL)),
    constraint summaries_version_check CHECK (version >= 1),
    constraint summaries_tenant_scope_kind_scope_id_fkey FOREIGN KEY (tenant, scope_kind, scope_id) REFERENCES semmem.scopes(tenant, scope_kind, scope_id)
);
CREATE INDEX summaries_stale ON semmem.summaries USING btree (tenant, scope_kind, scope_id) WHERE (recorded_at IS NULL);
select semmem.guard('semmem.summaries', null, '{tenant,scope_kind,scope_id,recorded_at}');

create table semmem.thread_checkpoints (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    thread text collate "C" not null,
    namespace text collate "C" not null,
    checkpoint text collate "C" not null,
    parent text collate "C",
    run text collate "C",
    channels text[] collate "C" not null,
    versions text[] collate "C" not null,
    body_type text not null,
    body bytea not null,
    metadata_type text not null,
    metadata bytea not null,
    constraint thread_checkpoints_pkey PRIMARY KEY (tenant, scope_kind, scope_id, thread, namespace, checkpoint),
    constraint thread_checkpoints_tenant_scope_kind_scope_id_thread_names_fkey FOREIGN KEY (tenant, scope_kind, scope_id, thread, namespace) REFERENCES semmem.threads(tenant, scope_kind, scope_id, thread, namespace) ON DELETE CASCADE
);
CREATE INDEX thread_checkpoints_of_run ON semmem.thread_checkpoints USING btree (tenant, scope_kind, scope_id, run) WHERE (run IS NOT NULL);
select semmem.guard('semmem.thread_checkpoints', null, '{}');

create table semmem.thread_values (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    thread text collate "C" not null,
    namespace text collate "C" not null,
    channel text collate "C" not null,
    version text collate "C" not null,
    value_type text not null,
    value bytea not null,
    constraint thread_values_pkey PRIMARY KEY (tenant, scope_kind, scope_id, thread, namespace, channel, version),
    constraint thread_values_tenant_scope_kind_scope_id_thread_namespace_fkey FOREIGN KEY (tenant, scope_kind, scope_id, thread, namespace) REFERENCES semmem.threads(tenant, scope_kind, scope_id, thread, namespace) ON DELETE CASCADE
);
select semmem.guard('semmem.thread_values', null, '{}');

create table semmem.thread_writes (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    thread text collate "C" not null,
    namespace text collate "C" not null,
    checkpoint text collate "C" not null,
    task text collate "C" not null,
    ordinal integer not null,
    task_path text collate "C" not null,
    channel text collate "C" not null,
    value_type text not null,
    value bytea not null,
    constraint thread_writes_pkey PRIMARY KEY (tenant, scope_kind, scope_id, thread, namespace, checkpoint, task, ordinal),
    constraint thread_writes_tenant_scope_kind_scope_id_thread_namespace_fkey FOREIGN KEY (tenant, scope_kind, scope_id, thread, namespace) REFERENCES semmem.threads(tenant, scope_kind, scope_id, thread, namespace) ON DELETE CASCADE
);
select semmem.guard('semmem.thread_writes', null, '{}');

create table semmem.vectors (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    index_name text not null,
    item_id uuid not null,
    item_kind text not null,
    version integer not null,
    vector public.vector,
    missing text,
    session text collate "C",
    agent text collate "C",
    category text,
    at timestamp with time zone not null,
    importance double precision not null,
    current boolean not null,
    constraint vectors_pkey PRIMARY KEY (tenant, index_name, item_id),
    constraint vectors_check CHECK ((vector IS NULL) = (missing IS NOT NULL)),
    constraint vectors_item_kind_check CHECK (item_kind = ANY (ARRAY['event'::text, 'fact'::text])),
    constraint vectors_missing_check CHECK (missing = ANY (ARRAY['waits'::text, 'refused'::text])),
    constraint vectors_index_name_fkey FOREIGN KEY (index_name) REFERENCES semmem.indexes(name) ON UPDATE CASCADE
);
CREATE INDEX vectors_missing ON semmem.vectors USING btree (tenant, scope_kind, scope_id) WHERE (missing IS NOT NULL);
CREATE INDEX vectors_of_scope ON semmem.vectors USING btree (tenant, scope_kind, scope_id, index_name);
select semmem.guard('semmem.vectors', null, '{tenant,scope_kind,scope_id,index_name,item_id,missing}');

create table semmem.deliveries (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    group_name text collate "C" not null,
    "position" bigint not null,
    event_id uuid not null,
    consumer text collate "C" not null,
    lease uuid not null,
    leased_until timestamp with time zone not null,
    attempts integer default 1 not null,
    dead boolean default false not null,
    constraint deliveries_pkey PRIMARY KEY (tenant, scope_kind, scope_id, group_name, "position"),
    constraint deliveries_tenant_event_id_fkey FOREIGN KEY (tenant, event_id) REFERENCES semmem.events(tenant, id) ON DELETE CASCADE,
    constraint deliveries_tenant_scope_kind_scope_id_group_name_fkey FOREIGN KEY (tenant, scope_kind, scope_id, group_name) REFERENCES semmem.groups(tenant, scope_kind, scope_id, name) ON DELETE CASCADE
);
CREATE INDEX deliveries_of_event ON semmem.deliveries USING btree (tenant, event_id);
select semmem.guard('semmem.deliveries', '{consumer,lease,leased_until,attempts,dead}', '{}');

create table semmem.fact_sources (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    fact_id uuid not null,
    event_id uuid not null,
    quote text not null,
    own_words boolean default true not null,
    dates boolean default false not null,
    constraint fact_sources_pkey PRIMARY KEY (tenant, fact_id, event_id),
    constraint fact_sources_tenant_event_id_fkey FOREIGN KEY (tenant, event_id) REFERENCES semmem.events(tenant, id) ON DELETE CASCADE,
    constraint fact_sources_tenant_fact_id_fkey FOREIGN KEY (tenant, fact_id) REFERENCES semmem.facts(tenant, id) ON DELETE CASCADE
);
CREATE INDEX fact_sources_of_event ON semmem.fact_sources USING btree (tenant, event_id);
select semmem.guard('semmem.fact_sources', null, '{}');

create table semmem.records (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    key text collate "C" not null,
    seq bigint generated always as identity,
    value json not null,
    event_id uuid,
    created_at timestamp with time zone not null,
    updated_at timestamp with time zone not null,
    ttl interval,
    expires_at timestamp with time zone,
    constraint records_pkey PRIMARY KEY (tenant, scope_kind, scope_id, key),
    constraint records_tenant_event_id_fkey FOREIGN KEY (tenant, event_id) REFERENCES semmem.events(tenant, id) ON DELETE CASCADE,
    constraint records_tenant_scope_kind_scope_id_fkey FOREIGN KEY (tenant, scope_kind, scope_id) REFERENCES semmem.scopes(tenant, scope_kind, scope_id)
);
CREATE INDEX records_expiring ON semmem.records USING btree (tenant, scope_kind, scope_id, expires_at) WHERE (expires_at IS NOT NULL);
CREATE INDEX records_in_order ON semmem.records USING btree (tenant, scope_kind, scope_id, seq);
CREATE INDEX records_of_event ON semmem.records USING btree (tenant, event_id);
select semmem.guard('semmem.records', null, '{tenant,scope_kind,scope_id,expires_at}');

create table semmem.retractions (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    event_id uuid not null,
    statement_hash bytea not null,
    quote text not null,
    at timestamp with time zone not null,
    constraint retractions_pkey PRIMARY KEY (tenant, event_id, statement_hash),
    constraint retractions_tenant_event_id_fkey FOREIGN KEY (tenant, event_id) REFERENCES semmem.events(tenant, id) ON DELETE CASCADE
);
select semmem.guard('semmem.retractions', null, '{}');

create table semmem.summary_sources (
    tenant text collate "C" not null,
    scope_kind text not null,
    scope_id text collate "C" not null,
    summary_id uuid not null,
    event_id uuid not null,
    constraint summary_sources_pkey PRIMARY KEY (tenant, summary_id, event_id),
    constraint summary_sources_tenant_event_id_fkey FOREIGN KEY (tenant, event_id) REFERENCES semmem.events(tenant, id) ON DELETE CASCADE,
    constraint summary_sources_tenant_summary_id_fkey FOREIGN KEY (tenant, summary_id) REFERENCES semmem.summaries(tenant, id) ON DELETE CASCADE
);
CREATE INDEX summary_sources_of_event ON semmem.summary_sources USING btree (tenant, event_id);
select semmem.guard('semmem.summary_sources', null, '{}');

create view semmem.jobs with (security_invoker=true) as
 SELECT id,
    entrypoint,
    tenant,
    scope_kind,
    scope_id,
    dedupe_key AS key,
    payload,
    priority,
    status,
    attempts,
    execute_after AS starts_at,
    status = ANY (ARRAY['queued'::semmem.pgqueuer_status, 'picked'::semmem.pgqueuer_status]) AS is_open,
    status = 'queued'::semmem.pgqueuer_status AS waits
   FROM semmem.pgqueuer;
grant delete, insert, select, update on semmem.jobs to semmem_app;

create view semmem.sourced_facts with (security_invoker=true) as
 SELECT f.tenant,
    f.scope_kind,
    f.scope_id,
    f.id,
    f.thread,
    f.version,
    f.subject,
    f.text,
    f.statement_hash,
    f.category,
    f.confidence,
    f.importance,
    f.valid_from,
    f.valid_to,
    f."precision",
    f.trust,
    f.said_at,
    f.utc_offset,
    f.recorded_at,
    f.superseded_at,
    f.indexed_at,
    s.event_ids,
    s.quotes,
    f.made,
    f.made_by,
    f.ended,
    f.ended_by,
    f.pinned_at,
    f.pinned_by
   FROM semmem.facts f,
    LATERAL ( SELECT array_agg(fact_sources.event_id ORDER BY fact_sources.event_id) AS event_ids,
            array_agg(fact_sources.quote ORDER BY fact_sources.event_id) AS quotes
           FROM semmem.fact_sources
          WHERE fact_sources.tenant = f.tenant AND fact_sources.fact_id = f.id) s;
grant select on semmem.sourced_facts to semmem_app;

CREATE OR REPLACE FUNCTION semmem.acquire_locks(p_tenant text, p_kind text, p_id text, p_now timestamp with time zone, p_agent text, p_names text[], p_ttl interval)
 RETURNS TABLE(token bigint, until timestamp with time zone, name text, holder text)
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_column
declare
    here bigint;
    held semmem.locks;
begin
    perform semmem.enter(p_tenant, array[p_kind], array[p_id]);
    held := semmem.held_lock(p_tenant, p_kind, p_id, p_names);
    if held.name is null then
        insert into semmem.scopes (tenant, scope_kind, scope_id) values (p_tenant, p_kind, p_id) on conflict do nothing;
        here := semmem.advance(p_tenant, p_kind, p_id);
        held := semmem.held_lock(p_tenant, p_kind, p_id, p_names);
        if held.name is not null then
            perform semmem.advance(p_tenant, p_kind, p_id, -1);
        end if;
    end if;
    if held.name is not null then
        return query select null::bigint, held.held_until, held.name, held.holder;
        return;
    end if;

    insert into semmem.locks (tenant, scope_kind, scope_id, name, token, holder, held_until)
    select p_tenant, p_kind, p_id, n.name, here, p_agent, clock_timestamp() + p_ttl from unnest(p_names) as n (name)
    on conflict (tenant, scope_kind, scope_id, name) do update
    set token = excluded.token, holder = excluded.holder, held_until = excluded.held_until;
    insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, agent, subject, detail, at)
    values (p_tenant, p_kind, p_id, here, 'lock', p_agent, p_names[1], jsonb_build_object('names', p_names), p_now);
    return query select here, clock_timestamp() + p_ttl, null::text, null::text;
end $function$;
revoke all on function semmem.acquire_locks(text,text,text,timestamp with time zone,text,text[],interval) from public;
grant execute on function semmem.acquire_locks(text,text,text,timestamp with time zone,text,text[],interval) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.act_as(p_tenant text, p_kind text, p_id text, p_role text, p_reading boolean)
 RETURNS void
 LANGUAGE sql
AS $function$
    with recursive told as (  -- from name to name, however many values each has had
        (select s.field from semmem.state s
         where (s.tenant, s.scope_kind, s.scope_id) = (p_tenant, p_kind, p_id) and p_reading
         order by s.field limit 1)
        union all
        select (select s.field from semmem.state s
                where (s.tenant, s.scope_kind, s.scope_id) = (p_tenant, p_kind, p_id) and s.field > t.field
                order by s.field limit 1)
        from told t where t.field is not null
    ), known as (
        select f.field, p_role <> all (f.writers) as unwritable, p_reading and p_role <> all (f.readers) as unreadable
        from semmem.fields f
        where (f.tenant, f.scope_kind, f.scope_id) = (p_tenant, p_kind, p_id)
    ), hidden as (
        select k.field from known k where k.unreadable
        union all
        select t.field from told t where t.field is not null and t.field not in (select k.field from known k)
    )
    select set_config('semmem.unwritable',
                      (select coalesce(array_agg(k.field) filter (where k.unwritable), '{}') from known k)::text, true),
           set_config('semmem.unreadable', (select coalesce(array_agg(h.field), '{}') from hidden h)::text, true)
$function$;
revoke all on function semmem.act_as(text,text,text,text,boolean) from public;
grant execute on function semmem.act_as(text,text,text,text,boolean) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.advance(p_tenant text, p_kind text, p_id text, p_count bigint DEFAULT 1)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
declare
    first bigint;
begin
    insert into semmem.heads as h (tenant, scope_kind, scope_id, head) values (p_tenant, p_kind, p_id, p_count)
    on conflict (tenant, scope_kind, scope_id) do update set head = h.head + p_count
    returning h.head - p_count + 1 into first;
    return first;
end $function$;
revoke all on function semmem.advance(text,text,text,bigint) from public;
grant execute on function semmem.advance(text,text,text,bigint) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.analyse_new()
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
    new regclass;
begin
    for new in
        select oid from pg_class
        where relnamespace = 'semmem'::regnamespace and relkind = 'r' and pg_relation_size(oid) >
            case when reltuples < 0 then 0 else 10 * greatest(relpages, 1) * current_setting('block_size')::bigint end
        order by oid
    loop
        execute format('analyze (skip_locked) %s', new);
    end loop;
end $function$;
revoke all on function semmem.analyse_new() from public;
grant execute on function semmem.analyse_new() to semmem_app;

CREATE OR REPLACE FUNCTION semmem.answer_question(p_tenant text, p_kind text, p_id text, p_now timestamp with time zone, p_agent text, p_question uuid, p_choice text)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
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
end $function$;
revoke all on function semmem.answer_question(text,text,text,timestamp with time zone,text,uuid,text) from public;
grant execute on function semmem.answer_question(text,text,text,timestamp with time zone,text,uuid,text) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.append(p_tenant text, p_kind text, p_id text, p_now timestamp with time zone, p_window interval, p_extract_after interval, p_events json)
 RETURNS TABLE(id uuid, status text, seq bigint, epoch bigint, "position" bigint)
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_column
declare
    e record;
    known_id uuid;
    known_body bytea;
    scope_epoch bigint;
    scope_zone text;
    new_seq bigint;
    asked bigint := json_array_length(p_events);
    first bigint;
    accepted bigint := 0;
begin
    perform semmem.enter(p_tenant, array[p_kind], array[p_id]);

    select s.epoch into scope_epoch from semmem.scopes s
    where s.tenant = p_tenant and s.scope_kind = p_kind and s.scope_id = p_id;
    if not found then
        insert into semmem.scopes (tenant, scope_kind, scope_id) values (p_tenant, p_kind, p_id)
        on conflict do nothing;
        scope_epoch := 0;
    end if;
    if p_window > interval '0'
        and exists (select from json_array_elements(p_events) e where e ->> 'report_hash' is not null) then
        -- Agents that report at once take turns, so that the second sees the first one's event and may change it.
        perform from semmem.scopes s
        where s.tenant = p_tenant and s.scope_kind = p_kind and s.scope_id = p_id for no key update;
    end if;
    select s.zone into scope_zone from semmem.scope_settings s
    where (s.tenant, s.scope_kind, s.scope_id) = (p_tenant, p_kind, p_id);
    first := semmem.advance(p_tenant, p_kind, p_id, asked);

    for e in
        select ordinality - 1 as index, x.*
        from rows from (json_to_recordset(p_events) as (
            id uuid, session text, role text, speaker text, agent text, agent_type text, event_type text, content text,
            importance double precision, metadata json, occurred_at timestamptz, utc_offset interval, key text,
            body_hash text, report_hash text)) with ordinality
            as x (id, session, role, speaker, agent, agent_type, event_type, content, importance, metadata,
                  occurred_at, utc_offset, key, body_hash, report_hash, ordinality)
        order by ordinality
    loop
        if e.report_hash is not null and p_window > interval '0' then
            update semmem.events ev set witnesses = ev.witnesses || e.agent
            where ev.tenant = p_tenant and ev.id = (
                select r.id from semmem.events r
                where (r.tenant, r.scope_kind, r.scope_id, r.report_hash)
                    = (p_tenant, p_kind, p_id, decode(e.report_hash, 'hex'))
                  and r.agent <> e.agent and e.agent <> all (r.witnesses)
                  and r.occurred_at > e.occurred_at - p_window and r.occurred_at < e.occurred_at + p_window
                order by r.seq limit 1)
            returning ev.id into known_id;
            if found then
                return query select known_id, 'duplicate', null::bigint, scope_epoch, null::bigint;
                continue;
            end if;
        end if;

        insert into semmem.events (
            tenant, scope_kind, scope_id, id, session, role, speaker, agent, agent_type, event_type, content,
            importance, metadata, occurred_at, utc_offset, recorded_at, key, body_hash, report_hash, position)
        values (p_tenant, p_kind, p_id, e.id, e.session, e.role, e.speaker, e.agent, e.agent_type, e.event_type,
                e.content, e.importance, e.metadata, e.occurred_at,
                coalesce(e.utc_offset, nullif(
                    (e.occurred_at at time zone scope_zone) - (e.occurred_at at time zone 'UTC'), interval '0')),
                p_now, e.key,
                decode(e.body_hash, 'hex'), decode(e.report_hash, 'hex'), first + accepted)
        on conflict (tenant, scope_kind, scope_id, key) do nothing
        returning events.seq into new_seq;

        if not found then
            select ev.id, ev.body_hash into known_id, known_body from semmem.events ev
            where (ev.tenant, ev.scope_kind, ev.scope_id, ev.key) = (p_tenant, p_kind, p_id, e.key);
            if known_body is distinct from decode(e.body_hash, 'hex') then
                raise exception using errcode = 'SM001', message = 'key conflict', detail = e.index::text;
            end if;
            return query select known_id, 'duplicate', null::bigint, scope_epoch, null::bigint;
            continue;
        end if;

        return query select e.id, 'accepted', new_seq, scope_epoch, first + accepted;
        accepted := accepted + 1;
    end loop;

    if accepted < asked then  -- nobody has seen the rest yet
        update semmem.heads h set head = h.head - asked + accepted
        where (h.tenant, h.scope_kind, h.scope_id) = (p_tenant, p_kind, p_id);
    end if;
    if accepted > 0 then
        perform semmem.queue('index', p_tenant, p_kind, p_id);
        perform semmem.queue('consolidate', p_tenant, p_kind, p_id, p_extract_after);
    end if;
end $function$;
revoke all on function semmem.append(text,text,text,timestamp with time zone,interval,interval,json) from public;
grant execute on function semmem.append(text,text,text,timestamp with time zone,interval,interval,json) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.ask_question(p_tenant text, p_kind text, p_id text, p_now timestamp with time zone, p_agent text, p_role text, p_question uuid, p_key text, p_asked text, p_text text, p_options text[], p_until timestamp with time zone)
 RETURNS SETOF semmem.questions
 LANGUAGE plpgsql
AS $function$
declare
    here bigint;
    known semmem.questions;
begin
    insert into semmem.scopes (tenant, scope_kind, scope_id) values (p_tenant, p_kind, p_id) on conflict do nothing;
    here := semmem.advance(p_tenant, p_kind, p_id);
    select * into known from semmem.questions q
    where (q.tenant, q.scope_kind, q.scope_id, q.agent) = (p_tenant, p_kind, p_id, p_agent)
      and case when p_key is not null then q.key = p_key
          else q.key is null and (q.asked, q.question, q.options) = (p_asked, p_text, p_options)
               and q.received_at is null and q.closed_at is null and (q.choice is not null or q.until > p_now) end
    order by q.position desc limit 1;
    if found then
        if (known.asked, known.question, known.options) <> (p_asked, p_text, p_options) then
            raise exception using errcode = 'SM028', message = 'the key stands for another question';
        end if;
        if known.choice is not null or known.closed_at is null and known.until > p_now then
            perform semmem.advance(p_tenant, p_kind, p_id, -1);
            return next known;
            return;
        end if;
        update semmem.questions q set key = null, closed_at = coalesce(q.closed_at, p_now)
        where (q.tenant, q.scope_kind, q.scope_id, q.id) = (p_tenant, p_kind, p_id, known.id);
    end if;

    perform semmem.take_seat(p_tenant, p_kind, p_id, p_agent, p_role);
    if p_asked <> 'human' and not exists (
        select from semmem.roster r
        where (r.tenant, r.scope_kind, r.scope_id) = (p_tenant, p_kind, p_id) and p_asked in (r.agent, r.work_role))
    then
        raise exception using errcode = 'SM026', message = 'nobody of that name';
    end if;
    if (select count(*) from semmem.questions q
        where (q.tenant, q.scope_kind, q.scope_id) = (p_tenant, p_kind, p_id)
          and q.choice is null and q.closed_at is null and q.until > p_now) >= 1000
    then
        raise exception using errcode = 'SM027', message = 'too many questions', detail = 'question';
    end if;
    return query
        insert into semmem.questions (
            tenant, scope_kind, scope_id, id, key, agent, asked, question, options, position, asked_at, until)
        values (p_tenant, p_kind, p_id, p_question, p_key, p_agent, p_asked, p_text, p_options, here, p_now, p_until)
        returning *;
    insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, agent, subject, items, detail, at)
    values (p_tenant, p_kind, p_id, here, 'question', p_agent, p_text, array[p_question],
            jsonb_build_object('of', p_asked, 'options', p_options, 'until', p_until), p_now);
end $function$;
revoke all on function semmem.ask_question(text,text,text,timestamp with time zone,text,text,uuid,text,text,text,text[],timestamp with time zone) from public;
grant execute on function semmem.ask_question(text,text,text,timestamp with time zone,text,text,uuid,text,text,text,text[],timestamp with time zone) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.begin_workspace(p_tenant text, p_kind text, p_id text, p_now timestamp with time zone, p_agent text, p_task text, p_roster jsonb)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
declare
    here bigint;
    standing semmem.workspaces;
    lasts boolean;
begin
    insert into semmem.scopes (tenant, scope_kind, scope_id) values (p_tenant, p_kind, p_id) on conflict do nothing;
    here := semmem.advance(p_tenant, p_kind, p_id);
    select * into standing from semmem.workspaces w
    where (w.tenant, w.scope_kind, w.scope_id) = (p_tenant, p_kind, p_id);
    lasts := found and standing.ended_at is null;
    if lasts and standing.task <> p_task then
        raise exception using errcode = 'SM021', message = 'another task lasts';
    end if;
    if lasts and (p_roster = '{}' or p_roster = (
        select coalesce(jsonb_object_agg(r.agent, r.work_role), '{}') from semmem.roster r
        where (r.tenant, r.scope_kind, r.scope_id) = (p_tenant, p_kind, p_id) and r.invited))
    then
        perform semmem.advance(p_tenant, p_kind, p_id, -1);
        return here - 1;
    end if;

    delete from semmem.roster r
    where (r.tenant, r.scope_kind, r.scope_id) = (p_tenant, p_kind, p_id)
      and not (lasts and p_roster ? r.agent);
    insert into semmem.roster (tenant, scope_kind, scope_id, agent, work_role, invited)
    select p_tenant, p_kind, p_id, e.key, e.value, true from jsonb_each_text(p_roster) e
    on conflict (tenant, scope_kind, scope_id, agent) do update set work_role = excluded.work_role, invited = true;
    if not lasts then
        insert into semmem.workspaces (tenant, scope_kind, scope_id, task, position, begun_at, begun_by)
        values (p_tenant, p_kind, p_id, p_task, here, p_now, p_agent)
        on conflict (tenant, scope_kind, scope_id) do update
        set task = excluded.task, position = excluded.position, begun_at = excluded.begun_at,
            begun_by = excluded.begun_by, ended_at = null, status = null;
    end if;
    insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, agent, subject, at)
    values (p_tenant, p_kind, p_id, here, 'begun', p_agent, p_task, p_now);
    return here;
end $function$;
revoke all on function semmem.begin_workspace(text,text,text,timestamp with time zone,text,text,jsonb) from public;
grant execute on function semmem.begin_workspace(text,text,text,timestamp with time zone,text,text,jsonb) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.change_state(p_tenant text, p_kind text, p_id text, p_now timestamp with time zone, p_agent text, p_role text, p_seen bigint, p_told_at timestamp with time zone, p_expected jsonb, p_locks text[], p_token bigint, p_changes jsonb)
 RETURNS TABLE(at bigint, written text[], unseen text[])
 LANGUAGE plpgsql
AS $function$
declare
    here bigint;
    change record;
    declared semmem.fields;
    mine boolean;  -- the field's last change
    others bigint;  -- the last one that is not
    gained bigint;
begin
    perform semmem.enter(p_tenant, array[p_kind], array[p_id]);
    here := semmem.advance(p_tenant, p_kind, p_id);
    perform semmem.act_as(p_tenant, p_kind, p_id, p_role, false);
    perform semmem.check_locks(p_tenant, p_kind, p_id, p_locks, p_token);
    perform semmem.check_expected(p_tenant, p_kind, p_id, p_expected);
    written := '{}';
    unseen := '{}';

    for change in
        select x.field, x.digest, coalesce(x.value, 'null') as value, x.confidence, x.base
        from jsonb_to_recordset(p_changes)
            as x (field text, digest text, value jsonb, confidence double precision, base jsonb)
    loop
        select * into declared from semmem.fields f
        where (f.tenant, f.scope_kind, f.scope_id, f.field) = (p_tenant, p_kind, p_id, change.field);
        if declared.digest is distinct from change.digest then
            raise exception using errcode = 'SM013', message = 'declared otherwise', detail = change.field;
        end if;

        if p_role <> all (declared.writers) then
            raise exception using errcode = 'SM020', message = 'forbidden', detail = change.field;
        end if;

        mine := p_agent is not null and declared.changed_by = p_agent;
        others := case when mine then declared.changed_before else declared.changed_at end;
        if others > p_seen then
            if declared.refuses then
                raise exception using errcode = 'SM011', message = 'conflict', detail = jsonb_build_object(
                    'field', change.field, 'seen', p_seen, 'found', others,
                    'by', case when mine then declared.before_by else declared.changed_by end)::text;
            end if;
            unseen := unseen || change.field;
        end if;

        if declared.shape = 'single' then
            gained := case when semmem.reduce_single(
                declared, here, p_agent, p_now, p_told_at, change.confidence, change.value, change.base) then 0 end;
        else
            gained := semmem.reduce_pieces(
                declared, here, p_agent, p_now, p_told_at, change.confidence, change.value);
        end if;
        if gained is not null then
            written := written || change.field;
            perform semmem.mark_changed(declared, here, p_agent, declared.pieces + gained);
        end if;
    end loop;

    at := semmem.log_change(p_tenant, p_kind, p_id, here, 'change', p_agent, null, written, '{}', p_now);
    return next;
end $function$;
revoke all on function semmem.change_state(text,text,text,timestamp with time zone,text,text,bigint,timestamp with time zone,jsonb,text[],bigint,jsonb) from public;
grant execute on function semmem.change_state(text,text,text,timestamp with time zone,text,text,bigint,timestamp with time zone,jsonb,text[],bigint,jsonb) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.check_expected(p_tenant text, p_kind text, p_id text, p_expected jsonb)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
    other record;
begin
    select e.key as field, e.value::bigint as seen, coalesce(f.changed_at, 0) as found, f.changed_by as by into other
    from jsonb_each_text(p_expected) e
    left join semmem.fields f
        on (f.tenant, f.scope_kind, f.scope_id, f.field) = (p_tenant, p_kind, p_id, e.key)
    where coalesce(f.changed_at, 0) <> e.value::bigint
    order by e.key limit 1;
    if found then
        raise exception using errcode = 'SM011', message = 'conflict', detail = to_jsonb(other)::text;
    end if;
end $function$;
revoke all on function semmem.check_expected(text,text,text,jsonb) from public;
grant execute on function semmem.check_expected(text,text,text,jsonb) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.check_locks(p_tenant text, p_kind text, p_id text, p_names text[], p_token bigint)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
    lost text;
begin
    select n.name into lost from unnest(p_names) as n (name)
    where not exists (
        select from semmem.locks l
        where (l.tenant, l.scope_kind, l.scope_id, l.name, l.token) = (p_tenant, p_kind, p_id, n.name, p_token))
    order by n.name limit 1;
    if found then
        raise exception using errcode = 'SM012', message = 'lock lost', detail = lost;
    end if;
end $function$;
revoke all on function semmem.check_locks(text,text,text,text[],bigint) from public;
grant execute on function semmem.check_locks(text,text,text,text[],bigint) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.count_conflicts(p_tenant text, p_kind text, p_id text, p_fields text[], p_refused boolean)
 RETURNS void
 LANGUAGE sql
AS $function$
    with met as materialized (
        select f.field from semmem.fields f
        where (f.tenant, f.scope_kind, f.scope_id) = (p_tenant, p_kind, p_id) and f.field = any (p_fields)
        order by f.field for key share
    )
    insert into semmem.conflicts as c (tenant, scope_kind, scope_id, field, reduced, refused)
    select p_tenant, p_kind, p_id, m.field, (not p_refused)::integer, p_refused::integer from met m
    on conflict (tenant, scope_kind, scope_id, field) do update
    set reduced = c.reduced + excluded.reduced, refused = c.refused + excluded.refused
$function$;
revoke all on function semmem.count_conflicts(text,text,text,text[],boolean) from public;
grant execute on function semmem.count_conflicts(text,text,text,text[],boolean) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.declare_state(p_tenant text, p_kind text, p_id text, p_now timestamp with time zone, p_agent text, p_version integer, p_fields jsonb, p_from integer, p_seen bigint, p_values jsonb)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
    here bigint;
    standing integer;
    other text;
    ended text[];
    given record;
    kept semmem.fields;
begin
    perform semmem.enter(p_tenant, array[p_kind], array[p_id]);
    insert into semmem.scopes (tenant, scope_kind, scope_id) values (p_tenant, p_kind, p_id) on conflict do nothing;
    here := semmem.advance(p_tenant, p_kind, p_id);

    select max(f.version) into standing from semmem.fields f
    where (f.tenant, f.scope_kind, f.scope_id) = (p_tenant, p_kind, p_id);
    if standing > p_version then
        raise exception using errcode = 'SM015', message = 'declared by a later version', detail = standing::text;
    end if;

    select coalesce(f.field, d.field) into other
    from (select * from semmem.fields x where (x.tenant, x.scope_kind, x.scope_id) = (p_tenant, p_kind, p_id)) f
    full join jsonb_to_recordset(p_fields) as d (field text, digest text) on d.field = f.field
    where f.digest is distinct from d.digest
    order by 1 limit 1;
    if standing = p_version and found then
        raise exception using errcode = 'SM016', message = 'declared otherwise', detail = other;
    end if;
    if standing = p_version then
        perform semmem.advance(p_tenant, p_kind, p_id, -1);
        return;
    end if;
    if standing is distinct from p_from or exists (
        select from semmem.fields f
        where (f.tenant, f.scope_kind, f.scope_id) = (p_tenant, p_kind, p_id) and f.changed_at > p_seen)
    then
        raise exception using errcode = 'SM018', message = 'changed meanwhile';
    end if;

    ended := array(
        select f.field from semmem.fields f
        where (f.tenant, f.scope_kind, f.scope_id) = (p_tenant, p_kind, p_id) and f.changed_at > 0
          and not exists (
            select from jsonb_to_recordset(p_fields) as d (field text, shape text)
            where (d.field, d.shape) = (f.field, f.shape))
        order by f.field);
    update semmem.state s set to_position = here
    where (s.tenant, s.scope_kind, s.scope_id) = (p_tenant, p_kind, p_id) and s.field = any (ended)
      and s.to_position is null;
    delete from semmem.fields f
    where (f.tenant, f.scope_kind, f.scope_id) = (p_tenant, p_kind, p_id)
      and not exists (
        select from jsonb_to_recordset(p_fields) as d (field text, shape text)
        where (d.field, d.shape) = (f.field, f.shape));
    insert into semmem.fields (
        tenant, scope_kind, scope_id, field, version, digest, declared_at, reducer, shape, refuses, keep,
        readers, writers)
    select p_tenant, p_kind, p_id, d.field, p_version, d.digest, here, d.reducer, d.shape, d.refuses, d.keep,
           d.readers, d.writers
    from jsonb_to_recordset(p_fields)
        as d (field text, digest text, reducer text, shape text, refuses boolean, keep integer, readers text[],
              writers text[])
    on conflict (tenant, scope_kind, scope_id, field) do update
    set version = excluded.version, digest = excluded.digest, reducer = excluded.reducer,
        refuses = excluded.refuses, keep = excluded.keep, readers = excluded.readers, writers = excluded.writers,
        declared_at = case when fields.digest = excluded.digest then fields.declared_at else excluded.declared_at end;

    for given in
        select v.field, coalesce(v.value, 'null') as value
        from jsonb_to_recordset(p_values) as v (field text, value jsonb, is_new boolean)
        where v.is_new or v.field = any (ended)
    loop
        select * into kept from semmem.fields f
        where (f.tenant, f.scope_kind, f.scope_id, f.field) = (p_tenant, p_kind, p_id, given.field);
        perform semmem.fill_field(kept, here, p_agent, p_now, given.value);
        ended := array(select distinct f from unnest(ended || given.field) as f order by f);
    end loop;
    insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, agent, fields, detail, at)
    values (p_tenant, p_kind, p_id, here, 'declared', p_agent, ended, jsonb_build_object('version', p_version), p_now);
end $function$;
revoke all on function semmem.declare_state(text,text,text,timestamp with time zone,text,integer,jsonb,integer,bigint,jsonb) from public;
grant execute on function semmem.declare_state(text,text,text,timestamp with time zone,text,integer,jsonb,integer,bigint,jsonb) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.end_workspace(p_tenant text, p_kind text, p_id text, p_now timestamp with time zone, p_agent text, p_status text)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
declare
    here bigint;
begin
    here := semmem.advance(p_tenant, p_kind, p_id);
    update semmem.workspaces w set ended_at = p_now, status = p_status
    where (w.tenant, w.scope_kind, w.scope_id) = (p_tenant, p_kind, p_id) and w.ended_at is null;
    if not found then
        raise exception using errcode = 'SM022', message = 'no task lasts';
    end if;
    update semmem.questions q set closed_at = p_now
    where (q.tenant, q.scope_kind, q.scope_id) = (p_tenant, p_kind, p_id) and q.choice is null and q.closed_at is null;
    insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, agent, subject, at)
    values (p_tenant, p_kind, p_id, here, 'ended', p_agent, p_status, p_now);
    return here;
end $function$;
revoke all on function semmem.end_workspace(text,text,text,timestamp with time zone,text,text) from public;
grant execute on function semmem.end_workspace(text,text,text,timestamp with time zone,text,text) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.ensure_index(p_name text, p_model text, p_dimensions integer, p_hnsw boolean)
 RETURNS semmem.indexes
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
    standing semmem.indexes;
    built text := 'vectors_hnsw_' || left(md5(p_name), 16);
begin
    select * into standing from semmem.indexes;
    if not found or standing.dimensions is null and (p_dimensions is not null or p_name <> standing.name) then
        lock table semmem.indexes in share row exclusive mode;
        insert into semmem.indexes (name, model, dimensions)
        select p_name, p_model, p_dimensions where not exists (select from semmem.indexes);
        update semmem.indexes set name = p_name, model = p_model, dimensions = p_dimensions where dimensions is null;
        select * into standing from semmem.indexes;
    end if;
    if p_hnsw and standing.name = p_name and standing.dimensions is not null and to_regclass('semmem.' || built) is null then
        execute format(
            'create index if not exists %I on semmem.vectors using hnsw ((vector::public.vector(%s)) vector_cosine_ops)
             where index_name = %L',
            built, standing.dimensions, p_name);
    end if;
    return standing;
end $function$;
revoke all on function semmem.ensure_index(text,text,integer,boolean) from public;
grant execute on function semmem.ensure_index(text,text,integer,boolean) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.enter(p_tenant text, p_kinds text[], p_ids text[])
 RETURNS void
 LANGUAGE sql
AS $function$
    with v as (select * from unnest(p_kinds, p_ids) as v (kind, id))
    select case when current_user = 'semmem_app' and row_security_active('semmem.events'::regclass) then null
                else semmem.refuse() end,
           set_config('semmem.tenant', p_tenant, true),
           set_config('semmem.users', array(select id from v where kind = 'user')::text, true),
           set_config('semmem.workspaces', array(select id from v where kind = 'workspace')::text, true),
           set_config('semmem.branches', array(select id from v where kind = 'branch')::text, true)
$function$;
revoke all on function semmem.enter(text,text[],text[]) from public;
grant execute on function semmem.enter(text,text[],text[]) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.fill_field(p_field semmem.fields, p_here bigint, p_agent text, p_now timestamp with time zone, p_value jsonb)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
    begun bigint;
begin
    update semmem.state s set to_position = p_here
    where (s.tenant, s.scope_kind, s.scope_id, s.field)
        = (p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field) and s.to_position is null;
    insert into semmem.state (
        tenant, scope_kind, scope_id, field, piece, from_position, shape, value, confidence, agent, told_at, recorded_at)
    select p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field, new.piece, p_here, p_field.shape,
           new.value, 1, p_agent, p_now, p_now
    from semmem.pieces_of(p_field.shape, p_here, p_value, p_field.keep) as new;
    get diagnostics begun = row_count;
    perform semmem.mark_changed(p_field, p_here, p_agent, begun);
end $function$;
revoke all on function semmem.fill_field(semmem.fields,bigint,text,timestamp with time zone,jsonb) from public;
grant execute on function semmem.fill_field(semmem.fields,bigint,text,timestamp with time zone,jsonb) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.fn_pgqueuer_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
    to_emit BOOLEAN := false;  -- Flag to decide whether to emit a notification
BEGIN
    -- Check operation type and set the emit flag accordingly
    IF TG_OP = 'UPDATE' AND OLD IS DISTINCT FROM NEW THEN
        to_emit := true;
    ELSIF TG_OP = 'DELETE' THEN
        to_emit := true;
    ELSIF TG_OP = 'INSERT' THEN
        to_emit := true;
    ELSIF TG_OP = 'TRUNCATE' THEN
        to_emit := true;
    END IF;

    -- Perform notification if the emit flag is set
    IF to_emit THEN
        PERFORM pg_notify(
            'ch_pgqueuer',
            json_build_object(
                'channel', 'ch_pgqueuer',
                'operation', lower(TG_OP),
                'sent_at', NOW(),
                'table', TG_TABLE_NAME,
                'type', 'table_changed_event'
            )::text
        );
    END IF;

    -- Return appropriate value based on the operation
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    ELSE
        RETURN NULL; -- For TRUNCATE and other non-row-specific contexts
    END IF;

END;
$function$;
revoke all on function semmem.fn_pgqueuer_changed() from public;
grant execute on function semmem.fn_pgqueuer_changed() to semmem_app;

CREATE OR REPLACE FUNCTION semmem.guard_rights()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
    allowed constant text :=
        'field <> all ((select coalesce(nullif(current_setting(%L, true), %L), %L)::text[])::text[])';
    readable constant text := format(allowed, 'semmem.unreadable', '', '{}');
    writable constant text := format(allowed, 'semmem.unwritable', '', '{}');
begin
    drop policy if exists readable on semmem.state;
    drop policy if exists begun on semmem.state;
    drop policy if exists ended on semmem.state;
    drop policy if exists removed on semmem.state;
    execute format('create policy readable on semmem.state as restrictive for select using (%s)', readable);
    execute format('create policy begun on semmem.state as restrictive for insert with check (%s)', writable);
    execute format('create policy ended on semmem.state as restrictive for update using (true) with check (%s)', writable);
    execute format('create policy removed on semmem.state as restrictive for delete using (%s)', writable);
end $function$;
revoke all on function semmem.guard_rights() from public;
grant execute on function semmem.guard_rights() to semmem_app;

CREATE OR REPLACE FUNCTION semmem.held_lock(p_tenant text, p_kind text, p_id text, p_names text[])
 RETURNS semmem.locks
 LANGUAGE sql
AS $function$
    select * from semmem.locks l
    where (l.tenant, l.scope_kind, l.scope_id) = (p_tenant, p_kind, p_id) and l.name = any (p_names)
      and l.held_until > clock_timestamp()
    order by l.name limit 1
$function$;
revoke all on function semmem.held_lock(text,text,text,text[]) from public;
grant execute on function semmem.held_lock(text,text,text,text[]) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.is_failing(p_entrypoint text, p_tenant text, p_kind text, p_id text)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
    select exists (
        select from semmem.jobs j
        where (j.tenant, j.scope_kind, j.scope_id, j.entrypoint) = (p_tenant, p_kind, p_id, p_entrypoint)
          and j.is_open and j.attempts > 0 and j.key is not null)
$function$;
revoke all on function semmem.is_failing(text,text,text,text) from public;
grant execute on function semmem.is_failing(text,text,text,text) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.job_key(p_entrypoint text, p_tenant text, p_kind text, p_id text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
    select p_entrypoint || ':' || semmem.scope_key(p_tenant, p_kind, p_id)
$function$;
revoke all on function semmem.job_key(text,text,text,text) from public;
grant execute on function semmem.job_key(text,text,text,text) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.job_lock(p_entrypoint text, p_tenant text, p_kind text, p_id text)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE
AS $function$
    select hashtextextended(semmem.job_key(p_entrypoint, p_tenant, p_kind, p_id), 0)
$function$;
revoke all on function semmem.job_lock(text,text,text,text) from public;
grant execute on function semmem.job_lock(text,text,text,text) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.keep_no_log()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$ begin return null; end $function$;
revoke all on function semmem.keep_no_log() from public;
grant execute on function semmem.keep_no_log() to semmem_app;

CREATE OR REPLACE FUNCTION semmem.lexical(p_tenant text, p_kinds text[], p_ids text[], p_index text, p_kind text, p_agent text, p_session text, p_category text, p_since timestamp with time zone, p_until timestamp with time zone, p_importance double precision, p_superseded boolean, p_terms text[], p_limit integer, p_filtered boolean, p_now timestamp with time zone, p_index_within interval, p_facts_within interval)
 RETURNS TABLE(item_id uuid, score double precision, term text, missing text)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$  -- old statistics would have a table read whole where few rows are sought
#variable_conflict use_column
declare
    vectors_missing boolean;
begin
    perform semmem.enter(p_tenant, p_kinds, p_ids);
    vectors_missing := exists (
        select from unnest(p_kinds, p_ids) as v (kind, id), semmem.vectors x
        where (x.tenant, x.scope_kind, x.scope_id) = (p_tenant, v.kind, v.id) and x.missing is not null);
    return query
    with collection as (
        select coalesce(sum(items), 0)::double precision as items,
               greatest(sum(terms)::double precision / greatest(sum(items), 1), 1) as mean_length
        from semmem.scopes
        where tenant = p_tenant and (scope_kind, scope_id) in (select * from unnest(p_kinds, p_ids))
    ), rarity as materialized (
        select q.term, ln(greatest(c.items, f.found) + 1) - ln(f.found + 0.5::double precision) as idf, c.mean_length
        from collection c, unnest(p_terms) as q (term),
             lateral (select count(*) as found from semmem.postings(p_tenant, p_kinds, p_ids, q.term)) f
    ), best as (
        select p.item_id, sum(
            r.idf * p.tf * 1.9::double precision
            / (p.tf + 0.9::double precision * (0.6 + 0.4::double precision * p.length / r.mean_length))) as score
        from rarity r, lateral (select * from semmem.postings(p_tenant, p_kinds, p_ids, r.term)) p
        where not p_filtered or p.item_id in (
            select m.item_id from semmem.matching(
                p_tenant, p_kinds, p_ids, p_index, p_kind, p_agent, p_session, p_category, p_since, p_until,
                p_importance, p_superseded) m
        )
        group by p.item_id
        order by score desc, p.item_id limit p_limit
    )
    select b.item_id, b.score, null, case when vectors_missing and exists (
        select from semmem.vectors x
        where x.tenant = p_tenant and x.index_name = p_index and x.item_id = b.item_id and x.missing is not null
    ) then 'embedder' end
    from best b
    union all
    select null, r.idf, r.term, null from rarity r
    order by 2 desc, 1;

    if vectors_missing then
        return query select null::uuid, 0::double precision, null, 'embedder';
    end if;
    if not exists (select from semmem.workers where beat_at > now() - lease) then
        return query
        select null::uuid, extract(epoch from p_now - w.since)::double precision, null, w.missing
        from (select min(i.recorded_at) as unindexed, min(f.recorded_at) as unextracted
              from unnest(p_kinds, p_ids) as v (kind, id)
              left join lateral (
                  select e.recorded_at from semmem.events e
                  where (e.tenant, e.scope_kind, e.scope_id) = (p_tenant, v.kind, v.id)
                    and (e.consolidated_at is null or e.indexed_at is null) and e.indexed_at is null
                  order by e.seq limit 1) i on true
              left join lateral (
                  select e.recorded_at from semmem.events e
                  where (e.tenant, e.scope_kind, e.scope_id) = (p_tenant, v.kind, v.id)
                    and (e.consolidated_at is null or e.indexed_at is null) and e.consolidated_at is null
                  order by e.seq limit 1) f on true) as oldest,
             lateral (values
                 ('index', oldest.unindexed, p_index_within), ('facts', oldest.unextracted, p_facts_within)
             ) as w (missing, since, within)
        where w.since + w.within < p_now;
    end if;
end $function$;
revoke all on function semmem.lexical(text,text[],text[],text,text,text,text,text,timestamp with time zone,timestamp with time zone,double precision,boolean,text[],integer,boolean,timestamp with time zone,interval,interval) from public;
grant execute on function semmem.lexical(text,text[],text[],text,text,text,text,text,timestamp with time zone,timestamp with time zone,double precision,boolean,text[],integer,boolean,timestamp with time zone,interval,interval) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.log_change(p_tenant text, p_kind text, p_id text, p_here bigint, p_entry text, p_agent text, p_subject text, p_fields text[], p_detail jsonb, p_now timestamp with time zone)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
begin
    if cardinality(p_fields) = 0 then
        perform semmem.advance(p_tenant, p_kind, p_id, -1);
        return p_here - 1;
    end if;
    insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, agent, subject, fields, detail, at)
    values (p_tenant, p_kind, p_id, p_here, p_entry, p_agent, p_subject, p_fields, p_detail, p_now);
    return p_here;
end $function$;
revoke all on function semmem.log_change(text,text,text,bigint,text,text,text,text[],jsonb,timestamp with time zone) from public;
grant execute on function semmem.log_change(text,text,text,bigint,text,text,text,text[],jsonb,timestamp with time zone) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.make_checkpoint(p_tenant text, p_kind text, p_id text, p_now timestamp with time zone, p_agent text, p_name text, p_pinned boolean)
 RETURNS SETOF semmem.checkpoints
 LANGUAGE plpgsql
AS $function$
declare
    here bigint;
    made semmem.checkpoints;
    oldest bigint;
begin
    perform semmem.enter(p_tenant, array[p_kind], array[p_id]);
    insert into semmem.scopes (tenant, scope_kind, scope_id) values (p_tenant, p_kind, p_id) on conflict do nothing;
    here := semmem.advance(p_tenant, p_kind, p_id);
    insert into semmem.checkpoints (tenant, scope_kind, scope_id, name, position, digest, agent, at, pinned)
    values (p_tenant, p_kind, p_id, coalesce(p_name, 'at-' || here), here,
            semmem.state_digest(p_tenant, p_kind, p_id, here), p_agent, p_now, p_pinned)
    returning * into made;
    perform from semmem.checkpoints c
    where (c.tenant, c.scope_kind, c.scope_id, c.name) = (p_tenant, p_kind, p_id, made.name)
      and c.digest = semmem.state_digest(p_tenant, p_kind, p_id, c.position);
    if not found then
        raise exception using errcode = 'SM019', message = 'damaged', detail = made.name;
    end if;
    insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, agent, subject, at)
    values (p_tenant, p_kind, p_id, here, 'checkpoint', p_agent, made.name, p_now);

    delete from semmem.checkpoints c
    where (c.tenant, c.scope_kind, c.scope_id) = (p_tenant, p_kind, p_id) and not c.pinned and c.position < (
        select o.position from semmem.checkpoints o
        where (o.tenant, o.scope_kind, o.scope_id) = (p_tenant, p_kind, p_id) and not o.pinned
        order by o.position desc offset 2 limit 1);
    if found then
        select min(c.position) into oldest from semmem.checkpoints c
        where (c.tenant, c.scope_kind, c.scope_id) = (p_tenant, p_kind, p_id);
        update semmem.heads h set state_floor = greatest(h.state_floor, oldest)
        where (h.tenant, h.scope_kind, h.scope_id) = (p_tenant, p_kind, p_id);
        delete from semmem.state s
        where (s.tenant, s.scope_kind, s.scope_id) = (p_tenant, p_kind, p_id) and s.to_position <= oldest;
    end if;
    return next made;
end $function$;
revoke all on function semmem.make_checkpoint(text,text,text,timestamp with time zone,text,text,boolean) from public;
grant execute on function semmem.make_checkpoint(text,text,text,timestamp with time zone,text,text,boolean) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.mark_changed(p_field semmem.fields, p_here bigint, p_agent text, p_pieces bigint)
 RETURNS void
 LANGUAGE sql
AS $function$
    update semmem.fields f
    set changed_at = p_here, changed_by = p_agent, pieces = p_pieces,
        changed_before = case when f.changed_by = p_agent then f.changed_before else f.changed_at end,
        before_by = case when f.changed_by = p_agent then f.before_by else f.changed_by end
    where (f.tenant, f.scope_kind, f.scope_id, f.field)
        = (p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field)
$function$;
revoke all on function semmem.mark_changed(semmem.fields,bigint,text,bigint) from public;
grant execute on function semmem.mark_changed(semmem.fields,bigint,text,bigint) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.matching(p_tenant text, p_kinds text[], p_ids text[], p_index text, p_kind text, p_agent text, p_session text, p_category text, p_since timestamp with time zone, p_until timestamp with time zone, p_importance double precision, p_superseded boolean)
 RETURNS SETOF semmem.vectors
 LANGUAGE sql
 STABLE
AS $function$
    select * from semmem.vectors
    where tenant = p_tenant and index_name = p_index
      and (scope_kind, scope_id) in (select * from unnest(p_kinds, p_ids))
      and (p_kind is null or item_kind = p_kind)
      and (p_agent is null or agent = p_agent)
      and (p_session is null or session = p_session)
      and (p_category is null or category = p_category)
      and (p_since is null or at >= p_since)
      and (p_until is null or at <= p_until)
      and importance >= p_importance
      and (current or p_superseded)
$function$;
revoke all on function semmem.matching(text,text[],text[],text,text,text,text,text,timestamp with time zone,timestamp with time zone,double precision,boolean) from public;
grant execute on function semmem.matching(text,text[],text[],text,text,text,text,text,timestamp with time zone,timestamp with time zone,double precision,boolean) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.pieces_of(p_shape text, p_here bigint, p_value jsonb, p_keep integer)
 RETURNS TABLE(piece text, value jsonb)
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
begin
    if p_shape = 'single' then
        return query select '', p_value;
    elsif p_shape = 'keys' then
        return query select e.key, e.value from jsonb_each(p_value) e;
    elsif p_shape = 'members' then
        return query
            select encode(sha256(convert_to(e.item::text, 'UTF8')), 'hex'), e.item
            from jsonb_array_elements(p_value) as e (item)
            group by e.item;
    else
        return query
            select lpad(p_here::text, 19, '0') || ':' || lpad(e.number::text, 5, '0'), e.item
            from jsonb_array_elements(p_value) with ordinality as e (item, number)
            where p_keep is null or e.number > jsonb_array_length(p_value) - p_keep
            order by e.number;
    end if;
end $function$;
revoke all on function semmem.pieces_of(text,bigint,jsonb,integer) from public;
grant execute on function semmem.pieces_of(text,bigint,jsonb,integer) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.postings(p_tenant text, p_kinds text[], p_ids text[], p_term text)
 RETURNS SETOF semmem.terms
 LANGUAGE sql
 STABLE
AS $function$
    select t.* from unnest(p_kinds, p_ids) as v (kind, id), semmem.terms t
    where t.tenant = p_tenant and t.scope_kind = v.kind and t.scope_id = v.id and t.term = p_term
    offset 0
$function$;
revoke all on function semmem.postings(text,text[],text[],text) from public;
grant execute on function semmem.postings(text,text[],text[],text) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.queue(p_entrypoint text, p_tenant text, p_kind text, p_id text, p_after interval DEFAULT '00:00:00'::interval)
 RETURNS void
 LANGUAGE sql
AS $function$
    select pg_advisory_xact_lock_shared(semmem.job_lock(p_entrypoint, p_tenant, p_kind, p_id));
    insert into semmem.jobs (priority, status, entrypoint, key, payload, starts_at, tenant, scope_kind, scope_id)
    values (0, 'queued', p_entrypoint, semmem.job_key(p_entrypoint, p_tenant, p_kind, p_id),
            convert_to(jsonb_build_array(p_tenant, p_kind, p_id)::text, 'UTF8'), now() + p_after, p_tenant, p_kind, p_id)
    on conflict (key) where status in ('queued', 'picked') and key is not null do nothing
$function$;
revoke all on function semmem.queue(text,text,text,text,interval) from public;
grant execute on function semmem.queue(text,text,text,text,interval) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.receive_answer(p_tenant text, p_kind text, p_id text, p_now timestamp with time zone, p_question uuid)
 RETURNS SETOF semmem.questions
 LANGUAGE plpgsql
AS $function$
begin
    perform semmem.advance(p_tenant, p_kind, p_id, 0);
    return query
        update semmem.questions q
        set received_at = case when q.choice is null then q.received_at else coalesce(q.received_at, p_now) end,
            closed_at = case when q.choice is null and q.until <= p_now then coalesce(q.closed_at, p_now)
                        else q.closed_at end
        where (q.tenant, q.scope_kind, q.scope_id, q.id) = (p_tenant, p_kind, p_id, p_question)
        returning q.*;
end $function$;
revoke all on function semmem.receive_answer(text,text,text,timestamp with time zone,uuid) from public;
grant execute on function semmem.receive_answer(text,text,text,timestamp with time zone,uuid) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.reduce_pieces(p_field semmem.fields, p_here bigint, p_agent text, p_now timestamp with time zone, p_told_at timestamp with time zone, p_confidence double precision, p_value jsonb)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
declare
    ended bigint := 0;
    begun bigint;
begin
    if p_field.shape = 'keys' then
        update semmem.state s set to_position = p_here
        where (s.tenant, s.scope_kind, s.scope_id, s.field)
            = (p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field)
          and s.piece = any (array(select jsonb_object_keys(p_value))) and s.to_position is null;
        get diagnostics ended = row_count;
    end if;

    insert into semmem.state (
        tenant, scope_kind, scope_id, field, piece, from_position, shape, value, confidence, agent, told_at, recorded_at)
    select p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field, new.piece, p_here, p_field.shape,
           new.value, p_confidence, p_agent, p_told_at, p_now
    from semmem.pieces_of(p_field.shape, p_here, p_value, p_field.keep) as new
    on conflict (tenant, scope_kind, scope_id, field, piece) where to_position is null do nothing;
    get diagnostics begun = row_count;

    if p_field.pieces + begun - ended > p_field.keep then
        update semmem.state s set to_position = p_here
        where (s.tenant, s.scope_kind, s.scope_id, s.field)
            = (p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field)
          and s.to_position is null and s.piece = any (array(
            select o.piece from semmem.state o
            where (o.tenant, o.scope_kind, o.scope_id, o.field)
                = (p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field) and o.to_position is null
            order by o.piece limit p_field.pieces + begun - ended - p_field.keep));
        ended := p_field.pieces + begun - p_field.keep;
    end if;
    if p_field.pieces + begun - ended > 10000 then
        raise exception using errcode = 'SM014', message = 'too many pieces', detail = p_field.field;
    end if;
    return case when begun + ended > 0 then begun - ended end;
end $function$;
revoke all on function semmem.reduce_pieces(semmem.fields,bigint,text,timestamp with time zone,timestamp with time zone,double precision,jsonb) from public;
grant execute on function semmem.reduce_pieces(semmem.fields,bigint,text,timestamp with time zone,timestamp with time zone,double precision,jsonb) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.reduce_single(p_field semmem.fields, p_here bigint, p_agent text, p_now timestamp with time zone, p_told_at timestamp with time zone, p_confidence double precision, p_value jsonb, p_base jsonb)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
declare
    standing semmem.state;
    base numeric;
    told jsonb := p_value;
begin
    select * into standing from semmem.state s
    where (s.tenant, s.scope_kind, s.scope_id, s.field, s.piece)
        = (p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field, '') and s.to_position is null;

    if p_field.reducer in ('add', 'max', 'min') then
        base := (coalesce(standing.value, p_base) #>> '{}')::numeric;
        case p_field.reducer
            when 'max' then
                if (p_value #>> '{}')::numeric <= base then return false; end if;
            when 'min' then
                if (p_value #>> '{}')::numeric >= base then return false; end if;
            else
                told := to_jsonb(coalesce(base, 0) + (p_value #>> '{}')::numeric);
                if abs((told #>> '{}')::numeric) > 1000000000000000000 then
                    raise exception using errcode = 'SM014', message = 'too large', detail = p_field.field;
                end if;
        end case;
    elsif p_field.reducer = 'best' and p_confidence < standing.confidence
        or p_field.reducer = 'latest' and p_told_at < standing.told_at then
        return false;
    end if;

    update semmem.state s set to_position = p_here
    where (s.tenant, s.scope_kind, s.scope_id, s.field, s.piece)
        = (p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field, '') and s.to_position is null;
    insert into semmem.state (
        tenant, scope_kind, scope_id, field, piece, from_position, shape, value, confidence, agent, told_at, recorded_at)
    values (p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field, '', p_here, 'single', told,
            p_confidence, p_agent, p_told_at, p_now);
    return true;
end $function$;
revoke all on function semmem.reduce_single(semmem.fields,bigint,text,timestamp with time zone,timestamp with time zone,double precision,jsonb,jsonb) from public;
grant execute on function semmem.reduce_single(semmem.fields,bigint,text,timestamp with time zone,timestamp with time zone,double precision,jsonb,jsonb) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.refuse()
 RETURNS text
 LANGUAGE plpgsql
AS $function$
begin
    raise exception using errcode = 'SM002', message = 'row level security does not bind this role';
end $function$;
revoke all on function semmem.refuse() from public;
grant execute on function semmem.refuse() to semmem_app;

CREATE OR REPLACE FUNCTION semmem.remember(p_tenant text, p_kind text, p_id text, p_now timestamp with time zone, p_window interval, p_extract_after interval, p_events json)
 RETURNS TABLE(id uuid, status text, seq bigint, epoch bigint)
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_column
declare
    e record;
    known_id uuid;
    known_body bytea;
    scope_epoch bigint;
    new_seq bigint;
    any_accepted boolean := false;
begin
    perform semmem.enter(p_tenant, array[p_kind], array[p_id]);

    select s.epoch into scope_epoch from semmem.scopes s
    where s.tenant = p_tenant and s.scope_kind = p_kind and s.scope_id = p_id;
    if not found then
        insert into semmem.scopes (tenant, scope_kind, scope_id) values (p_tenant, p_kind, p_id)
        on conflict do nothing;
        scope_epoch := 0;
    end if;
    if p_window > interval '0'
        and exists (select from json_array_elements(p_events) e where e ->> 'report_hash' is not null) then
        -- Agents that report at once take turns, so that the second sees the first one's event and may change it.
        perform from semmem.scopes s
        where s.tenant = p_tenant and s.scope_kind = p_kind and s.scope_id = p_id for no key update;
    end if;
    if exists (select from json_array_elements(p_events) e where e ->> 'key' is not null) then
        perform semmem.take_turn(p_tenant, p_kind, p_id);
    end if;

    for e in
        select ordinality - 1 as index, x.*
        from rows from (json_to_recordset(p_events) as (
            id uuid, session text, role text, speaker text, agent text, agent_type text, event_type text, content text,
            importance double precision, metadata json, occurred_at timestamptz, utc_offset interval, key text,
            body_hash text, report_hash text)) with ordinality
            as x (id, session, role, speaker, agent, agent_type, event_type, content, importance, metadata,
                  occurred_at, utc_offset, key, body_hash, report_hash, ordinality)
        order by ordinality
    loop
        if e.report_hash is not null and p_window > interval '0' then
            update semmem.events ev set witnesses = ev.witnesses || e.agent
            where ev.tenant = p_tenant and ev.id = (
                select r.id from semmem.events r
                where (r.tenant, r.scope_kind, r.scope_id, r.report_hash)
                    = (p_tenant, p_kind, p_id, decode(e.report_hash, 'hex'))
                  and r.agent <> e.agent and e.agent <> all (r.witnesses)
                  and r.occurred_at > e.occurred_at - p_window and r.occurred_at < e.occurred_at + p_window
                order by r.seq limit 1)
            returning ev.id into known_id;
            if found then
                return query select known_id, 'duplicate', null::bigint, scope_epoch;
                continue;
            end if;
        end if;

        insert into semmem.events (
            tenant, scope_kind, scope_id, id, session, role, speaker, agent, agent_type, event_type, content,
            importance, metadata, occurred_at, utc_offset, recorded_at, key, body_hash, report_hash)
        values (p_tenant, p_kind, p_id, e.id, e.session, e.role, e.speaker, e.agent, e.agent_type, e.event_type,
                e.content, e.importance, e.metadata, e.occurred_at, e.utc_offset, p_now, e.key,
                decode(e.body_hash, 'hex'), decode(e.report_hash, 'hex'))
        on conflict (tenant, scope_kind, scope_id, key) do nothing
        returning events.seq into new_seq;

        if not found then
            select ev.id, ev.body_hash into known_id, known_body from semmem.events ev
            where (ev.tenant, ev.scope_kind, ev.scope_id, ev.key) = (p_tenant, p_kind, p_id, e.key);
            if known_body is distinct from decode(e.body_hash, 'hex') then
                raise exception using errcode = 'SM001', message = 'key conflict', detail = e.index::text;
            end if;
            return query select known_id, 'duplicate', null::bigint, scope_epoch;
            continue;
        end if;

        any_accepted := true;
        return query select e.id, 'accepted', new_seq, scope_epoch;
    end loop;

    if any_accepted then
        perform semmem.queue('index', p_tenant, p_kind, p_id);
        perform semmem.queue('consolidate', p_tenant, p_kind, p_id, p_extract_after);
    end if;
end $function$;
revoke all on function semmem.remember(text,text,text,timestamp with time zone,interval,interval,json) from public;
grant execute on function semmem.remember(text,text,text,timestamp with time zone,interval,interval,json) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.renew_locks(p_tenant text, p_kind text, p_id text, p_names text[], p_token bigint, p_ttl interval)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
AS $function$
declare
    until constant timestamptz := clock_timestamp() + p_ttl;
begin
    perform semmem.enter(p_tenant, array[p_kind], array[p_id]);
    perform semmem.advance(p_tenant, p_kind, p_id, 0);
    perform semmem.check_locks(p_tenant, p_kind, p_id, p_names, p_token);
    update semmem.locks l set held_until = until
    where (l.tenant, l.scope_kind, l.scope_id, l.token) = (p_tenant, p_kind, p_id, p_token) and l.name = any (p_names);
    return until;
end $function$;
revoke all on function semmem.renew_locks(text,text,text,text[],bigint,interval) from public;
grant execute on function semmem.renew_locks(text,text,text,text[],bigint,interval) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.restore_state(p_tenant text, p_kind text, p_id text, p_now timestamp with time zone, p_agent text, p_role text, p_position bigint, p_subject text)
 RETURNS TABLE(at bigint, written text[])
 LANGUAGE plpgsql
AS $function$
declare
    here bigint;
    floor bigint;
    other text;
    changed semmem.fields;
begin
    perform semmem.enter(p_tenant, array[p_kind], array[p_id]);
    here := semmem.advance(p_tenant, p_kind, p_id);
    perform semmem.act_as(p_tenant, p_kind, p_id, p_role, false);
    select h.state_floor into floor from semmem.heads h
    where (h.tenant, h.scope_kind, h.scope_id) = (p_tenant, p_kind, p_id);
    if p_position < floor or p_position >= here then
        raise exception using errcode = 'SM017', message = 'out of reach',
            detail = jsonb_build_object('floor', floor, 'head', here - 1)::text;
    end if;
    select f.field into other from semmem.fields f
    where (f.tenant, f.scope_kind, f.scope_id) = (p_tenant, p_kind, p_id) and f.declared_at > p_position
      and exists (
        select from semmem.state s
        where (s.tenant, s.scope_kind, s.scope_id, s.field) = (p_tenant, p_kind, p_id, f.field)
          and s.from_position <= p_position and s.to_position > p_position)
    order by f.field limit 1;
    if found then
        raise exception using errcode = 'SM016', message = 'declared otherwise', detail = other;
    end if;

    written := array(
        select f.field from semmem.fields f
        where (f.tenant, f.scope_kind, f.scope_id) = (p_tenant, p_kind, p_id) and exists (
            select from semmem.state s
            where (s.tenant, s.scope_kind, s.scope_id, s.field) = (p_tenant, p_kind, p_id, f.field)
              and (s.from_position > p_position and s.to_position is null
                   or s.from_position <= p_position and s.to_position > p_position))
        order by f.field);
    select f.field into other from semmem.fields f
    where (f.tenant, f.scope_kind, f.scope_id) = (p_tenant, p_kind, p_id) and f.field = any (written)
      and p_role <> all (f.writers)
    order by f.field limit 1;
    if found then
        raise exception using errcode = 'SM020', message = 'forbidden', detail = other;
    end if;
    update semmem.state s set to_position = here
    where (s.tenant, s.scope_kind, s.scope_id) = (p_tenant, p_kind, p_id) and s.field = any (written)
      and s.from_position > p_position and s.to_position is null;
    insert into semmem.state (
        tenant, scope_kind, scope_id, field, piece, from_position, shape, value, confidence, agent, told_at, recorded_at)
    select s.tenant, s.scope_kind, s.scope_id, s.field, s.piece, here, s.shape, s.value, s.confidence, s.agent,
           s.told_at, p_now
    from semmem.state s
    where (s.tenant, s.scope_kind, s.scope_id) = (p_tenant, p_kind, p_id) and s.field = any (written)
      and s.from_position <= p_position and s.to_position > p_position;

    for changed in
        select * from semmem.fields f
        where (f.tenant, f.scope_kind, f.scope_id) = (p_tenant, p_kind, p_id) and f.field = any (written)
    loop
        perform semmem.mark_changed(changed, here, p_agent, (
            select count(*) from semmem.state s
            where (s.tenant, s.scope_kind, s.scope_id, s.field) = (p_tenant, p_kind, p_id, changed.field)
              and s.to_position is null));
    end loop;
    at := semmem.log_change(
        p_tenant, p_kind, p_id, here, 'restored', p_agent, p_subject, written,
        jsonb_build_object('to', p_position), p_now);
    return next;
end $function$;
revoke all on function semmem.restore_state(text,text,text,timestamp with time zone,text,text,bigint,text) from public;
grant execute on function semmem.restore_state(text,text,text,timestamp with time zone,text,text,bigint,text) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.scope_key(p_tenant text, p_kind text, p_id text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
    select encode(sha256(
        int4send(octet_length(p_tenant)) || convert_to(p_tenant, 'UTF8')
        || int4send(octet_length(p_kind)) || convert_to(p_kind, 'UTF8')
        || int4send(octet_length(p_id)) || convert_to(p_id, 'UTF8')), 'hex')
$function$;
revoke all on function semmem.scope_key(text,text,text) from public;
grant execute on function semmem.scope_key(text,text,text) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.state_digest(p_tenant text, p_kind text, p_id text, p_position bigint)
 RETURNS bytea
 LANGUAGE plpgsql
 STABLE
AS $function$
begin
    return (
        select sha256(coalesce(string_agg(sha256(convert_to(
            jsonb_build_array(
                s.field, s.piece, s.from_position, s.shape, s.value, s.confidence, s.agent,
                extract(epoch from s.told_at), extract(epoch from s.recorded_at))::text,
            'UTF8')), ''::bytea order by s.field, s.piece), ''::bytea))
        from semmem.state s
        where (s.tenant, s.scope_kind, s.scope_id) = (p_tenant, p_kind, p_id)
          and s.from_position <= p_position and (s.to_position is null or s.to_position > p_position));
end $function$;
revoke all on function semmem.state_digest(text,text,text,bigint) from public;
grant execute on function semmem.state_digest(text,text,text,bigint) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.take(p_tenant text, p_kind text, p_id text, p_group text, p_consumer text, p_lease uuid, p_for interval, p_limit integer, p_attempts integer, p_reach bigint)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
end $function$;
revoke all on function semmem.take(text,text,text,text,text,uuid,interval,integer,integer,bigint) from public;
grant execute on function semmem.take(text,text,text,text,text,uuid,interval,integer,integer,bigint) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.take_position()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    new.position := semmem.advance(new.tenant, new.scope_kind, new.scope_id);
    return new;
end $function$;
revoke all on function semmem.take_position() from public;
grant execute on function semmem.take_position() to semmem_app;

CREATE OR REPLACE FUNCTION semmem.take_seat(p_tenant text, p_kind text, p_id text, p_agent text, p_role text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
    seat semmem.roster;
begin
    if exists (
        select from semmem.workspaces w
        where (w.tenant, w.scope_kind, w.scope_id) = (p_tenant, p_kind, p_id) and w.ended_at is not null)
    then
        raise exception using errcode = 'SM022', message = 'no task lasts';
    end if;
    select * into seat from semmem.roster r
    where (r.tenant, r.scope_kind, r.scope_id, r.agent) = (p_tenant, p_kind, p_id, p_agent);
    if found and seat.work_role = coalesce(p_role, seat.work_role) then
        return;
    elsif seat.invited then
        raise exception using errcode = 'SM024', message = 'another role';
    elsif exists (
        select from semmem.roster r where (r.tenant, r.scope_kind, r.scope_id) = (p_tenant, p_kind, p_id) and r.invited)
    then
        raise exception using errcode = 'SM023', message = 'not on the roster';
    elsif (select count(*) from semmem.roster r
           where (r.tenant, r.scope_kind, r.scope_id) = (p_tenant, p_kind, p_id)) >= 1000
    then
        raise exception using errcode = 'SM027', message = 'the roster is full', detail = 'agent';
    end if;
    insert into semmem.roster (tenant, scope_kind, scope_id, agent, work_role, invited)
    values (p_tenant, p_kind, p_id, p_agent, coalesce(p_role, 'assistant'), false)
    on conflict (tenant, scope_kind, scope_id, agent) do update set work_role = excluded.work_role;
end $function$;
revoke all on function semmem.take_seat(text,text,text,text,text) from public;
grant execute on function semmem.take_seat(text,text,text,text,text) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.take_turn(p_tenant text, p_kind text, p_id text)
 RETURNS void
 LANGUAGE sql
AS $function$
    select pg_advisory_xact_lock(semmem.job_lock('remember', p_tenant, p_kind, p_id))
$function$;
revoke all on function semmem.take_turn(text,text,text) from public;
grant execute on function semmem.take_turn(text,text,text) to semmem_app;

CREATE OR REPLACE FUNCTION semmem.tell_status(p_tenant text, p_kind text, p_id text, p_now timestamp with time zone, p_agent text, p_role text, p_status text, p_detail text, p_until timestamp with time zone)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
declare
    here bigint;
begin
    insert into semmem.scopes (tenant, scope_kind, scope_id) values (p_tenant, p_kind, p_id) on conflict do nothing;
    here := semmem.advance(p_tenant, p_kind, p_id);
    perform semmem.take_seat(p_tenant, p_kind, p_id, p_agent, p_role);
    update semmem.roster r set status = p_status, detail = p_detail, told_at = p_now, until = p_until
    where (r.tenant, r.scope_kind, r.scope_id, r.agent) = (p_tenant, p_kind, p_id, p_agent);
    insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, agent, subject, detail, at)
    values (p_tenant, p_kind, p_id, here, 'status', p_agent, p_status,
            jsonb_build_object('detail', p_detail, 'until', p_until), p_now);
    return here;
end $function$;
revoke all on function semmem.tell_status(text,text,text,timestamp with time zone,text,text,text,text,timestamp with time zone) from public;
grant execute on function semmem.tell_status(text,text,text,timestamp with time zone,text,text,text,text,timestamp with time zone) to semmem_app;

CREATE TRIGGER keep_no_log BEFORE INSERT ON semmem.pgqueuer_log FOR EACH ROW EXECUTE FUNCTION semmem.keep_no_log();

CREATE TRIGGER take_position BEFORE INSERT ON semmem.events FOR EACH ROW WHEN ((new."position" IS NULL)) EXECUTE FUNCTION semmem.take_position();

CREATE TRIGGER tg_pgqueuer_changed AFTER INSERT ON semmem.pgqueuer FOR EACH ROW EXECUTE FUNCTION semmem.fn_pgqueuer_changed();
