-- What a scope's caller has settled about it.
create table semmem.scope_settings (
    tenant          text collate "C" not null,
    scope_kind      text not null,
    scope_id        text collate "C" not null,
    zone            text collate "C",  -- by its IANA name: in which days are resolved where an event has no offset
    keep_events_for interval check (keep_events_for > interval '0'),  -- since they were remembered; null is for ever
    due_at          timestamptz,  -- when the first event may be too old
    changed_at      timestamptz not null,
    primary key (tenant, scope_kind, scope_id)
);
select semmem.guard('semmem.scope_settings', p_changing => '{zone, keep_events_for, due_at, changed_at}',
                    p_swept => '{tenant, scope_kind, scope_id, due_at}');
