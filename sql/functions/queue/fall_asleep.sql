-- orchestrator.fall_asleep(bigint, double precision): from now on writers notify, for at most so many seconds.
-- Returns false when the worker is not registered any more (it was believed dead): register again.
create or replace function orchestrator.fall_asleep(p_worker bigint, p_seconds double precision) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_known boolean;
begin
    perform orchestrator.lock_workers();
    update orchestrator.workers
    set sleeps_until = clock_timestamp() + make_interval(secs => p_seconds), seen_at = clock_timestamp()
    where id = p_worker;
    v_known := found;
    perform orchestrator.publish_sleep();
    return v_known;
end
$$;
comment on function orchestrator.fall_asleep(bigint, double precision) is 'set a worker''s flag; false when it is not registered';
