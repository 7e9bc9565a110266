-- What took a fact's place, also where that is of another thread: once it is forgotten, the fact holds again.
alter table semmem.facts add column superseded_by uuid;
select semmem.guard('semmem.facts', p_swept => '{tenant, scope_kind, scope_id, indexed_at}');
create index facts_superseded_by on semmem.facts (tenant, superseded_by) where superseded_by is not null;
