select semmem.guard_rights();
