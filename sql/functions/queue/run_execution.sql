-- orchestrator.run_execution(bigint): run one queued execution; false when it is not queued any more, or in other hands.
create or replace function orchestrator.run_execution(execution bigint) returns boolean
language plpython3u volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, MDY'
set row_security = off
as $$
h = GD.get("orchestrator") or plpy.execute("select orchestrator.load_engine()") and GD["orchestrator"]
return h.call("orchestrator.engine.queue:run_execution", execution)
$$;
comment on function orchestrator.run_execution(bigint) is 'run one queued execution';
alter function orchestrator.run_execution(bigint) owner to orchestrator_runner;
