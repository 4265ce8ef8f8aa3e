-- orchestrator.record_runs: writes finished executions of one version and one status that have nothing but a context and jobs.
-- The JSON arrays run in parallel.
create or replace function orchestrator.record_runs(
    p_workflow_id bigint, p_key text, p_status smallint, p_now timestamptz, p_contexts text, p_jobs text, p_count integer
)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    insert into orchestrator.execution_counts (workflow_id, key, executed) values (p_workflow_id, p_key, p_count);
    insert into orchestrator.executions
        (workflow_id, key, context, status, dispatched, jobs, started_at, created_at, updated_at)
    -- in the select list: in FROM each row would be stored once more on its way
    select p_workflow_id, p_key, elements(p_contexts), p_status, true, elements(p_jobs), p_now, p_now, p_now;
end
$$;
comment on function orchestrator.record_runs(bigint, text, smallint, timestamptz, text, text, integer) is
    'appends plain finished executions to the history and counts them';
