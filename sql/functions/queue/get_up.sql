-- orchestrator.get_up(bigint): the worker is awake; writers stop notifying unless a colleague sleeps.
create or replace function orchestrator.get_up(p_worker bigint) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_known boolean;
begin
    perform orchestrator.lock_workers();
    update orchestrator.workers set sleeps_until = null, seen_at = clock_timestamp() where id = p_worker;
    v_known := found;
    perform orchestrator.publish_sleep();
    return v_known;
end
$$;
comment on function orchestrator.get_up(bigint) is 'clear a worker''s flag; false when it is not registered';
