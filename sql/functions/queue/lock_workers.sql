-- orchestrator.lock_workers(): let one worker at a time change who sleeps.
-- Flags are worth no disk flush: after a crash every worker registers anew.
create or replace function orchestrator.lock_workers() returns void
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    perform set_config('synchronous_commit', 'off', true);
    lock table orchestrator.workers_lock in exclusive mode;
end
$$;
comment on function orchestrator.lock_workers() is 'serialise changes of workers until the transaction ends; internal';
