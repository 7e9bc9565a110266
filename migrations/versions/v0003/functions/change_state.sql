-- One update of any number of fields: one round trip, one transaction, one position of the scope's log, or none of it.
-- Each field of p_changes has the digest of its declaration, a value, a confidence, and what counts where nothing was told.
-- A field that another agent changed after p_seen is a conflict: it is refused where the field says so, else named in the
-- last column. `written` are the fields that are not as they were; where there are none, the position is given back.
create or replace function semmem.change_state(
    p_tenant text, p_kind text, p_id text, p_now timestamptz, p_agent text, p_role text, p_seen bigint, p_told_at timestamptz,
    p_expected jsonb, p_locks text[], p_token bigint, p_changes jsonb
) returns table (at bigint, written text[], unseen text[])
language plpgsql as $$
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
end $$;
