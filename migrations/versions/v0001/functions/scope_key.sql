-- The one name of a scope for jobs and locks, which shows nobody whose it is. Each part is led by its length, so that no
-- separator in an id makes two scopes one. `Scope.key` in Python gives the same.
create function semmem.scope_key(p_tenant text, p_kind text, p_id text) returns text
language sql immutable as $$
    select encode(sha256(
        int4send(octet_length(p_tenant)) || convert_to(p_tenant, 'UTF8')
        || int4send(octet_length(p_kind)) || convert_to(p_kind, 'UTF8')
        || int4send(octet_length(p_id)) || convert_to(p_id, 'UTF8')), 'hex')
$$;
