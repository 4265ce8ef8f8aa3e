-- orchestrator.retire_worker(bigint): a worker ends its life.
create or replace function orchestrator.retire_worker(p_worker bigint) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    perform orchestrator.lock_workers();
    delete from orchestrator.workers where id = p_worker;
    perform orchestrator.publish_sleep();
end
$$;
comment on function orchestrator.retire_worker(bigint) is 'remove a worker';
