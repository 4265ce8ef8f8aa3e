-- orchestrator.abort_execution(bigint, text): end an execution as aborted, its waiting jobs with it, then its children.
-- The caller holds the lock of the row. Lock order: parents before children. Results of the waiting jobs are kept.
create or replace function orchestrator.abort_execution(p_execution bigint, p_reason text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_now timestamptz := orchestrator.current_time();
    v_jobs jsonb;
    v_child bigint;
begin
    with gone as (
        delete from orchestrator.waiting_jobs w where w.execution_id = p_execution returning w.*
    )
    select jsonb_agg(
        jsonb_build_array(
            g.id - g.execution_id * 1048576, g.node_id, g.node_key, -3, g.result, g.upstream_id - g.execution_id * 1048576,
            jsonb_strip_nulls(jsonb_build_object(
                'meta', g.meta, 'log', g.log, 'startedAt', g.started_at, 'createdAt', g.created_at, 'updatedAt', v_now
            ))
        )
        order by g.id
    )
    into v_jobs
    from gone g;

    update orchestrator.executions e
    set status = -3,
        reason = p_reason,
        jobs = case when v_jobs is null then e.jobs else (coalesce(e.jobs::jsonb, '[]') || v_jobs)::json end,
        started_at = coalesce(e.started_at, v_now),
        dispatched = true,
        parked = false,
        updated_at = v_now
    where e.id = p_execution;

    for v_child in
        select c.id from orchestrator.executions c
        where c.parent_execution_id = p_execution and coalesce(c.status, 0) = 0
        order by c.id
        for update
    loop
        perform orchestrator.abort_execution(v_child, 'parent_aborted');
    end loop;
end
$$;
comment on function orchestrator.abort_execution(bigint, text) is 'set an execution, its waiting jobs and its children to aborted; internal';
