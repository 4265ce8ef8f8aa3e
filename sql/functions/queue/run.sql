-- orchestrator.run(text, jsonb): start the current version of a workflow by hand, enabled or not, without looking at its trigger; returns the execution's id.
-- It runs here and now, in the caller's transaction; a failure is the execution's status, not an error.
create or replace function orchestrator.run(key text, context jsonb default '{}') returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, MDY'
set row_security = off
as $$
begin
    return orchestrator.result(orchestrator.invoke_queue('run', key, context::text))::bigint;
end
$$;
comment on function orchestrator.run(text, jsonb) is 'start a workflow by hand, return the execution''s id';
alter function orchestrator.run(text, jsonb) owner to orchestrator_runner;
