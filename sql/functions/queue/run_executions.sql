-- orchestrator.run_executions(integer): run queued executions here and now, at most 50 at once; returns how many.
-- What they write, their history and their new status commit together. Workers call it until it returns 0; anybody allowed may.
create or replace function orchestrator.run_executions(max integer default 100) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, MDY'
set row_security = off
as $$
begin
    return orchestrator.result(orchestrator.invoke_queue('run_executions', max::text))::integer;
end
$$;
comment on function orchestrator.run_executions(integer) is 'run queued executions, return how many; 0 when nothing is left';
alter function orchestrator.run_executions(integer) owner to orchestrator_runner;
