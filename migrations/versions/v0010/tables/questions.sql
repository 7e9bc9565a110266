-- A question that is over without an answer leaves its key to the one that is asked in its place.
grant update (key) on semmem.questions to semmem_app;
