-- pgqueuer notes every step of every job, for ever: nothing here reads that, so no row of it is kept.
create function semmem.keep_no_log() returns trigger
language plpgsql as $$ begin return null; end $$;
