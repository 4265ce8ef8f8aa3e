-- orchestrator.forget_workflow: trigger function, deletes the other versions and the statistics with the current version
-- Executions, jobs and programs stay.
create or replace function orchestrator.forget_workflow()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    if old.current then
        delete from orchestrator.workflows where key = old.key;
        delete from orchestrator.workflow_stats where key = old.key;
    end if;
    return null;
end
$$;
comment on function orchestrator.forget_workflow() is 'trigger function: a lineage goes with its current version';
