-- orchestrator.run_version: start a version by hand as its trigger would be started, with values in the trigger's terms; null where its condition declines.
-- p_config is the trigger's configuration. Runs as run() does, here and now; returns the execution's id.
create or replace function orchestrator.run_version(p_workflow_id bigint, p_type text, p_config jsonb, p_values jsonb) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, MDY'
set row_security = off
as $$
begin
    return orchestrator.result(
        orchestrator.invoke_queue('run_version', p_workflow_id::text, p_type, p_config::text, p_values::text)
    )::bigint;
end
$$;
comment on function orchestrator.run_version(bigint, text, jsonb, jsonb) is 'start a version by hand with the trigger''s values; internal';
alter function orchestrator.run_version(bigint, text, jsonb, jsonb) owner to orchestrator_runner;
