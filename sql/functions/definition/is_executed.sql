-- orchestrator.is_executed: whether a version was ever executed, so that its configuration is history
create or replace function orchestrator.is_executed(p_workflow_id bigint)
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select
        exists (select from orchestrator.workflow_version_stats s where s.id = p_workflow_id and s.executed > 0)
        -- what no worker has folded yet
        or exists (select from orchestrator.execution_counts c where c.workflow_id = p_workflow_id and c.executed > 0)
$$;
comment on function orchestrator.is_executed(bigint) is 'true when an execution of this version was ever created';
