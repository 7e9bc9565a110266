-- How far back the state can be read: what ended up to here was taken out with the checkpoints that kept it.
alter table semmem.heads add column state_floor bigint not null default 0;
