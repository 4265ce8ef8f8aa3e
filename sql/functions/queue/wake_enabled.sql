-- orchestrator.wake_enabled(): trigger function; executions of a workflow that was just enabled may be waiting since it was disabled.
create or replace function orchestrator.wake_enabled() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    perform orchestrator.wake();
    return null;
end
$$;
comment on function orchestrator.wake_enabled() is 'wakes workers when a workflow is enabled';
