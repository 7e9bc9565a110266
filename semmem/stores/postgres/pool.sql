-- lock: waits for who else holds this name; it is free again when the transaction ends
select pg_advisory_xact_lock(hashtextextended(:name, 0));

-- try_lock: whether nobody else holds this name
select pg_try_advisory_xact_lock(hashtextextended(:name, 0));

-- analyse_new: tables that have grown much since anybody looked
select semmem.analyse_new();
