-- orchestrator.record_runs: writes finished executions of one version and one status that have nothing but a context and jobs.
-- The arrays run in parallel. Their elements are cut out of one text that was checked once.
create or replace function orchestrator.record_runs(
    p_workflow_id bigint, p_key text, p_status smallint, p_now timestamptz, p_contexts json, p_jobs json, p_count integer
)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    insert into orchestrator.execution_counts (workflow_id, key, executed) values (p_workflow_id, p_key, p_count);
    insert into orchestrator.executions
        (workflow_id, key, context, status, dispatched, jobs, started_at, created_at, updated_at)
    select p_workflow_id, p_key, t.context, p_status, true, t.jobs, p_now, p_now, p_now
    from rows from (json_array_elements(p_contexts), json_array_elements(p_jobs)) as t (context, jobs);
end
$$;
comment on function orchestrator.record_runs(bigint, text, smallint, timestamptz, json, json, integer) is
    'appends plain finished executions to the history and counts them';
