-- Makes a class's fields those of the scope: where none are declared, or those of an earlier version are. What the fields
-- of that version held ends where they are no more, or are kept in another shape. p_values are what the class makes of the
-- state of version p_from as of p_seen, and whether that is something else. Declared again, nothing happens.
create or replace function semmem.declare_state(
    p_tenant text, p_kind text, p_id text, p_now timestamptz, p_agent text, p_version integer, p_fields jsonb,
    p_from integer, p_seen bigint, p_values jsonb
) returns void
language plpgsql as $$
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
end $$;
