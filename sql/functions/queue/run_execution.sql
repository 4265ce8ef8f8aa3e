-- orchestrator.run_execution(bigint): run one queued execution; false when it is not queued any more, or in other hands.
create or replace function orchestrator.run_execution(execution bigint) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, MDY'
set row_security = off
as $$
begin
    return orchestrator.result(orchestrator.invoke_queue('run_execution', execution::text))::boolean;
end
$$;
comment on function orchestrator.run_execution(bigint) is 'run one queued execution';
alter function orchestrator.run_execution(bigint) owner to orchestrator_runner;
