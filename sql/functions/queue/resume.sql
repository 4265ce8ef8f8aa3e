-- orchestrator.resume(bigint, jsonb, integer): continue an execution at a waiting job, with the job's result and status.
-- Errors: WF404 no such job, WF409 somebody processes the execution, WF422 it does not run any more or its time is up.
create or replace function orchestrator.resume(job bigint, result jsonb, status integer default 1) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, MDY'
set row_security = off
as $$
begin
    perform orchestrator.result(orchestrator.invoke_queue('resume', job::text, result::text, status::text));
end
$$;
comment on function orchestrator.resume(bigint, jsonb, integer) is 'continue an execution at a waiting job';
alter function orchestrator.resume(bigint, jsonb, integer) owner to orchestrator_runner;
