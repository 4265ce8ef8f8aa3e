-- orchestrator.lock_publishing: one publisher at a time, until the end of the transaction
-- Taken before any row of workflows or flow_nodes is locked, so that publishers never wait for each other in a circle.
create or replace function orchestrator.lock_publishing()
returns void
language sql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    lock table orchestrator.publishers_lock in exclusive mode
$$;
comment on function orchestrator.lock_publishing() is 'waits for other publishers; held until the transaction ends';
