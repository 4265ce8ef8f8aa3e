-- Who waits for whom. Empty tables, since nobody but our owner may lock one: an advisory lock is everybody's, and whoever
-- can log in could keep publishers and workers waiting for ever.
create table orchestrator.publishers_lock ();
comment on table orchestrator.publishers_lock is 'empty; locked by whoever publishes, one at a time';
create table orchestrator.workers_lock ();
comment on table orchestrator.workers_lock is 'empty; locked by whoever changes which workers sleep';
create table orchestrator.suspects_lock ();
comment on table orchestrator.suspects_lock is 'empty; locked by the one worker that runs suspicious executions';
create table orchestrator.counts_lock ();
comment on table orchestrator.counts_lock is 'empty; locked by the one worker that sums up what was counted';
create table orchestrator.authenticators_lock ();
comment on table orchestrator.authenticators_lock is 'empty; locked by whoever changes which authenticators are enabled';
