-- Notes on a field who changed it where. Two places are enough to say, for any agent, where anybody else changed it last.
create or replace function semmem.mark_changed(p_field semmem.fields, p_here bigint, p_agent text, p_pieces bigint)
returns void
language sql as $$
    update semmem.fields f
    set changed_at = p_here, changed_by = p_agent, pieces = p_pieces,
        changed_before = case when f.changed_by = p_agent then f.changed_before else f.changed_at end,
        before_by = case when f.changed_by = p_agent then f.before_by else f.changed_by end
    where (f.tenant, f.scope_kind, f.scope_id, f.field)
        = (p_field.tenant, p_field.scope_kind, p_field.scope_id, p_field.field)
$$;
