-- Lengthens the time of locks that are still their holder's; the answer is until when. Also after its time was over, where
-- nobody has taken them meanwhile.
create or replace function semmem.renew_locks(
    p_tenant text, p_kind text, p_id text, p_names text[], p_token bigint, p_ttl interval
) returns timestamptz
language plpgsql as $$
declare
    until constant timestamptz := clock_timestamp() + p_ttl;
begin
    perform semmem.enter(p_tenant, array[p_kind], array[p_id]);
    perform semmem.advance(p_tenant, p_kind, p_id, 0);
    perform semmem.check_locks(p_tenant, p_kind, p_id, p_names, p_token);
    update semmem.locks l set held_until = until
    where (l.tenant, l.scope_kind, l.scope_id, l.token) = (p_tenant, p_kind, p_id, p_token) and l.name = any (p_names);
    return until;
end $$;
