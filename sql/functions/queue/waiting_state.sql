-- orchestrator.waiting_state(bigint): what it takes to go on with a started execution: as claim_executions(), and its jobs so far.
-- The caller holds the lock of the row.
create or replace function orchestrator.waiting_state(p_execution bigint)
returns table (id bigint, workflow_id bigint, program_id bigint, options text, context text, ancestors text, jobs text)
language plpgsql stable security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_execution orchestrator.executions;
begin
    select * into v_execution from orchestrator.executions e where e.id = p_execution;
    return query
    select
        v_execution.id, v_execution.workflow_id,
        (select max(g.id) from orchestrator.programs g where g.workflow_id = v_execution.workflow_id),
        (select w.options::text from orchestrator.workflows w where w.id = v_execution.workflow_id),
        v_execution.context::text,
        (
            select jsonb_object_agg(a.id, a.workflow_id)::text
            from jsonb_array_elements_text(v_execution.stack) s (id)
            join orchestrator.executions a on a.id = s.id::bigint
        ),
        (
            select jsonb_agg(j.job order by (j.job -> 'n')::bigint)::text
            from (
                select
                    jsonb_strip_nulls(jsonb_build_object(
                        'n', f.value -> 0, 'nodeId', f.value -> 1, 'nodeKey', f.value -> 2, 'status', f.value -> 3, 'upstream', f.value -> 5
                    )) || jsonb_build_object('result', f.value -> 4) || coalesce(f.value -> 6, '{}') as job
                from jsonb_array_elements(v_execution.jobs::jsonb) f
                union all
                select jsonb_strip_nulls(jsonb_build_object(
                    'n', w.id - w.execution_id * 1048576, 'nodeId', w.node_id, 'nodeKey', w.node_key, 'upstream', w.upstream_id - w.execution_id * 1048576,
                    'status', w.status, 'meta', w.meta, 'log', w.log, 'startedAt', w.started_at, 'createdAt', w.created_at
                )) || jsonb_build_object('result', w.result)
                from orchestrator.waiting_jobs w
                where w.execution_id = v_execution.id
            ) j
        );
end
$$;
comment on function orchestrator.waiting_state(bigint) is 'an execution with its jobs, to be carried on; internal';
