-- orchestrator.record_executions: writes finished executions of one version and one status, all at once, some of which have
-- an output, an id of their own or ancestors. Arrays run in parallel. What has none of them goes to record_runs.
create or replace function orchestrator.record_executions(
    p_workflow_id bigint,
    p_key text,
    p_status smallint,
    p_now timestamptz,
    p_contexts text[],
    p_jobs text[],
    p_outputs text[] default null,
    p_ids bigint[] default null,
    p_stacks text[] default null
)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    with counted as (
        insert into orchestrator.execution_counts (workflow_id, key, executed)
        values (p_workflow_id, p_key, cardinality(p_contexts))
    )
    insert into orchestrator.executions
        (id, workflow_id, key, context, status, dispatched, jobs, output, stack, started_at, created_at, updated_at)
    select
        coalesce(nullif(t.id, 0), nextval('orchestrator.execution_id_seq')), p_workflow_id, p_key, t.context::json,
        p_status, true, t.jobs::json, t.output::jsonb, t.stack::jsonb, p_now, p_now, p_now
    from unnest(p_contexts, p_jobs, p_outputs, p_ids, p_stacks) as t (context, jobs, output, id, stack);
end
$$;
comment on function orchestrator.record_executions(bigint, text, smallint, timestamptz, text[], text[], text[], bigint[], text[]) is
    'appends finished executions to the history and counts them';
