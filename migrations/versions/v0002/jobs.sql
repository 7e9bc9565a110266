-- pgqueuer's own trigger notifies for each statement, also where it adds no job, and whoever commits a notification holds
-- a lock of the whole cluster: all writers of all tenants stood in one line. The worker needs to hear of new jobs alone.
drop trigger tg_pgqueuer_changed on semmem.pgqueuer;
create trigger tg_pgqueuer_changed after insert on semmem.pgqueuer
    for each row execute function semmem.fn_pgqueuer_changed();
