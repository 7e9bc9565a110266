-- Who may do what, as a list of what is missing: what it is, and the statement that mends it (null where none can).
-- `semmem migrate` carries it out until nothing is left; opening a memory and `semmem doctor` refuse and name the rows.
-- $1: what schema.sql makes and gives, as JSON.
with wanted (given) as (values ($1::text::jsonb)),
roles (name) as (values ('semmem_app'), ('semmem_sweeper')),
rules as (  -- which columns of a table may change, all where it is null, and what the sweep may see
    select r.* from wanted, jsonb_to_recordset(given -> 'guards') as r (name text, changing text[], swept text[], statement text)
),
-- What holds no tenant's rows, and views, which are read with the caller's rights.
unguarded as (select r.* from wanted, jsonb_to_recordset(given -> 'grants') as r (name text, needs text[])),
-- The worker takes the jobs of all tenants as the sweeper; to the application its own scopes' alone are there.
queue (name) as (values ('pgqueuer'), ('pgqueuer_log'), ('pgqueuer_statistics')),
closed (name) as (values ('pgqueuer_log'), ('pgqueuer_statistics'), ('pgqueuer_schedules')),
app as (select to_regrole('semmem_app')::oid as oid),
sweeper as (select to_regrole('semmem_sweeper')::oid as oid),
home as (
    select n.oid, case when r.name is null then n.nspowner else to_regrole(quote_ident(current_user))::oid end as owner
    from pg_namespace n left join roles r on to_regrole(r.name) = n.nspowner::regrole where n.nspname = 'semmem'
),
relations as (
    select c.oid, c.relname as name, c.relkind as kind, c.relowner as owner, c.reloptions as options,
           c.relrowsecurity and c.relforcerowsecurity as secured,
           exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant') as of_tenants
    from pg_class c join home on c.relnamespace = home.oid
),
tables as (select * from relations where kind = 'r'),
guarded as (
    select t.*, r.changing, coalesce(r.swept, '{}') as swept,
           coalesce(r.statement, format('select semmem.guard(%L)', t.oid::regclass)) as guard
    from tables t left join rules r using (name) where of_tenants
),
functions as (
    select p.oid, p.oid::regprocedure as signature, p.proowner as owner, exists (
        select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) where grantee = 0
    ) as is_public
    from pg_proc p join home on p.pronamespace = home.oid
),
policies as (
    select t.name as on_table, p.polname as name, p.polcmd as command, p.polpermissive as widens, p.polroles as roles,
           pg_get_expr(p.polqual, t.oid) as seen, pg_get_expr(p.polwithcheck, t.oid) as written
    from pg_policy p join tables t on t.oid = p.polrelid
),
gaps (step, what, statement) as (
    select 1, format('the role %s', name), format(
        'do $$ begin create role %I nologin; exception when duplicate_object or unique_violation then null; end $$', name)
    from roles where to_regrole(name) is null
    union all
    select 2, format('%s is bound by row level security', name), format('alter role %I nosuperuser nobypassrls', name)
    from roles join pg_roles r on r.rolname = name where r.rolsuper or r.rolbypassrls
    union all
    select 2, 'semmem_app may act as semmem_sweeper, and otherwise has none of its rights',
           'grant semmem_sweeper to semmem_app with inherit false, set true'
    from app, sweeper where not pg_has_role(app.oid, sweeper.oid, 'set') or pg_has_role(app.oid, sweeper.oid, 'usage')
    union all
    select 2, format('the login %s may act as semmem_app', session_user), format('grant semmem_app to %I', session_user)
    from app where not pg_has_role(session_user, app.oid, 'set')
    union all
    select 3, format('the table semmem.%s', name), null
    from wanted, jsonb_array_elements_text(given -> 'relations') as made (name)
    where not exists (select from relations r where r.name = made.name)
    union all
    select 3, format('the function semmem.%s', name), null
    from wanted, jsonb_array_elements_text(given -> 'functions') as made (name), home where not exists (
        select from pg_proc p where p.pronamespace = home.oid and p.proname = made.name)
    union all
    select 3, format('the primary key of %s', name), null
    from tables t where of_tenants and not exists (select from pg_constraint where conrelid = t.oid and contype = 'p')
    union all
    select 7, format('the index %s', name), format('drop index if exists semmem.%I; %s', name, statement)
    from wanted, jsonb_to_recordset(given -> 'indexes') as made (name text, statement text), home where not exists (
        select from pg_class c join pg_index x on x.indexrelid = c.oid and x.indisvalid
        where c.relnamespace = home.oid and c.relname = made.name)
    union all
    select 4, format('%s belongs to the owner of the schema', name), format('alter table semmem.%I owner to %s', name, home.owner::regrole)
    from relations, home where kind in ('r', 'v') and relations.owner <> home.owner
    union all
    select 4, format('%s belongs to the owner of the schema', signature), format('alter function %s owner to %s', signature, home.owner::regrole)
    from functions, home where functions.owner <> home.owner
    union all
    select 4, 'the schema semmem belongs to neither of semmem''s roles', format('alter schema semmem owner to %s', home.owner::regrole)
    from home join pg_namespace n using (oid) where n.nspowner <> home.owner
    union all
    select 5, format('row level security of %s', name), guard from guarded where not secured
    union all
    select 5, format('the policy view of %s', name), guard from guarded g where not exists (
        select from policies p
        where p.on_table = g.name and p.name = 'view' and p.command = '*' and p.widens and p.roles = '{0}'
          and p.seen = p.written and p.seen !~* ' or ' and p.seen like all (array[
              '%tenant = %semmem.tenant%', '%semmem.users%', '%semmem.workspaces%', '%semmem.branches%']))
    union all
    select 5, format('the policy sweep of %s', g.name), guard
    from guarded g, sweeper where cardinality(g.swept) > 0 and not exists (
        select from policies p
        where p.on_table = g.name and p.name = 'sweep' and p.command = 'r' and p.roles = array[sweeper.oid])
    union all
    select 5, format('the policy work of %s', t.name), format(
        'drop policy if exists work on semmem.%1$I; '
        'create policy work on semmem.%1$I to semmem_sweeper using (true) with check (true)', t.name)
    from queue join tables t using (name), sweeper where of_tenants and not exists (
        select from policies p
        where p.on_table = t.name and p.name = 'work' and p.command = '*' and p.roles = array[sweeper.oid])
    union all
    select 5, format('the policy %s of state', made.name), 'select semmem.guard_rights()'
    from tables t, unnest(array['readable', 'begun', 'ended', 'removed']) as made (name)
    where t.name = 'state' and not exists (
        select from policies p where p.on_table = t.name and p.name = made.name and not p.widens)
    union all
    select 5, format('no policy on %s but its own (%s)', on_table, p.name), format('drop policy %I on semmem.%I', p.name, on_table)
    from policies p
    where widens and not (p.name = 'view' or p.name = 'sweep' and on_table in (select name from guarded where cardinality(swept) > 0)
                          or p.name = 'work' and on_table in (select name from queue))
    union all
    select 5, format('%s is read with the caller''s rights', name), format('alter view semmem.%I set (security_invoker = true)', name)
    from relations where kind = 'v' and not coalesce('security_invoker=true' = any (options) or 'security_invoker=on' = any (options), false)
    union all
    select 6, format('the schema semmem for %s', name), format('grant usage on schema semmem to %I', name)
    from roles, home where not has_schema_privilege(to_regrole(name)::oid, home.oid, 'usage')
    union all
    select 6, 'the revision for semmem_app', 'grant select on public.semmem_revision to semmem_app'
    from app where not has_table_privilege(app.oid, to_regclass('public.semmem_revision'), 'select')
    union all
    select 6, format('%s on %s for semmem_app', need, name), guard
    from guarded g, app, unnest(array['select', 'insert', 'update', 'delete']) as need
    where not has_table_privilege(app.oid, g.oid, need) and not (need = 'update' and changing is not null)
    union all
    select 6, format('%s on %s for semmem_app', need, name), format('grant %s on semmem.%I to semmem_app', need, name)
    from unguarded join relations r using (name), app, unnest(needs) as need
    where not has_table_privilege(app.oid, r.oid, need)
    union all
    select 6, format('nothing on %s for semmem_app', t.name), format('revoke all on semmem.%I from semmem_app', t.name)
    from closed join tables t using (name), app, unnest(array['select', 'insert', 'update', 'delete']) as taken
    where has_table_privilege(app.oid, t.oid, taken)
    group by t.name
    union all
    select 6, format('%s on %s for semmem_sweeper', need, t.name), format('grant %s on semmem.%I to semmem_sweeper', need, t.name)
    from queue join tables t using (name), sweeper, unnest(array['select', 'insert', 'update', 'delete']) as need
    where not has_table_privilege(sweeper.oid, t.oid, need)
    union all
    select 6, format('the sequence %s for semmem_sweeper', r.name), format('grant usage on sequence semmem.%I to semmem_sweeper', r.name)
    from relations r, queue q, sweeper
    where r.kind = 'S' and r.name = q.name || '_id_seq' and not has_sequence_privilege(sweeper.oid, r.oid, 'usage')
    union all
    select 6, format('update on %s only where it may change', name), guard
    from guarded g, app where changing is not null and has_table_privilege(app.oid, g.oid, 'update')
    union all
    select 6, format('update (%s) on %s for semmem_app', allowed, name), guard
    from guarded g, app, unnest(changing) as allowed where not has_column_privilege(app.oid, g.oid, allowed, 'update')
    union all
    select 6, format('select (%s) on %s for semmem_sweeper', seen, name), guard
    from guarded g, sweeper, unnest(swept) as seen where not has_column_privilege(sweeper.oid, g.oid, seen, 'select')
    union all
    select 6, format('the sequence %s for semmem_app', name), format('grant usage on sequence semmem.%I to semmem_app', name)
    from relations r, app
    where kind = 'S' and name not in (select c.name || '_id_seq' from closed c)
      and not has_sequence_privilege(app.oid, r.oid, 'usage')
    union all
    select 6, format('%s for semmem_app', signature), format('grant execute on function %s to semmem_app', signature)
    from functions f, app where not has_function_privilege(app.oid, f.oid, 'execute') or is_public
    union all
    select 6, format('%s for nobody else', signature), format('revoke execute on function %s from public', signature)
    from functions where is_public
)
select what, statement from gaps order by step, what
