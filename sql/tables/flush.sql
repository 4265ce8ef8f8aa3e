-- What a transaction moves that has to flush the write-ahead log whatever else it does; see api/group_commit.py.
create sequence orchestrator.flush;
comment on sequence orchestrator.flush is
    'set to where it is by the API, so that a commit flushes the write-ahead log, for others as well; its value says nothing';
