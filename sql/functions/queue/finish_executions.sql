-- orchestrator.finish_executions: write what a batch came to, set-wise.
-- p_ids, p_statuses, p_jobs: executions that ran to their end and left nothing but jobs; those are JSON texts with E'\x1e' between them.
-- p_others: [{"id", "status", "reason", "output", "jobs", "timeout" (ms, 0 none)}]; p_waiting: rows of waiting_jobs; p_deleted: executions that are not kept;
-- p_resumed: executions that had waiting jobs before.
create or replace function orchestrator.finish_executions(
    p_ids bigint[],
    p_statuses smallint[],
    p_jobs text,
    p_others json default null,
    p_waiting jsonb default null,
    p_deleted bigint[] default null,
    p_resumed bigint[] default null
) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
-- a batch is small and the history is not: nothing but one look at the primary key a row, whatever the statistics say
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
    v_now timestamptz := orchestrator.current_time();
begin
    if p_ids is not null then
        update orchestrator.executions e
        set status = r.status, jobs = r.jobs::json, dispatched = true, started_at = coalesce(e.started_at, v_now), updated_at = v_now
        from unnest(p_ids, p_statuses, string_to_array(p_jobs, E'\x1e')) as r (id, status, jobs)
        where e.id = r.id;
    end if;
    if p_others is not null then
        update orchestrator.executions e
        set status = r.status,
            reason = r.reason,
            output = coalesce(r.output, e.output),
            -- without jobs the run could not be carried on: what it had done before stays
            jobs = coalesce(r.jobs, e.jobs),
            dispatched = true,
            started_at = coalesce(e.started_at, v_now),
            expires_at = case
                when e.started_at is not null then e.expires_at
                when r.timeout > 0 then v_now + make_interval(secs => r.timeout / 1000.0)
            end,
            updated_at = v_now
        from json_to_recordset(p_others) as r (id bigint, status smallint, reason text, output jsonb, jobs json, timeout bigint)
        where e.id = r.id;
    end if;

    if p_resumed is not null then
        delete from orchestrator.waiting_jobs where execution_id = any (p_resumed);
    end if;
    if p_waiting is not null then
        insert into orchestrator.waiting_jobs
            (id, execution_id, node_id, node_key, upstream_id, status, result, meta, log, started_at, created_at, updated_at)
        select
            w."executionId" * 1048576 + w.n, w."executionId", w."nodeId", w."nodeKey", w."executionId" * 1048576 + w.upstream, w.status, w.result,
            w.meta, w.log, coalesce(w."startedAt", v_now), coalesce(w."createdAt", v_now), v_now
        from jsonb_to_recordset(p_waiting) as w (
            "executionId" bigint, n bigint, "nodeId" bigint, "nodeKey" text, upstream bigint, status smallint, result jsonb,
            meta jsonb, log text, "startedAt" timestamptz, "createdAt" timestamptz
        );
    end if;
    if p_deleted is not null then
        delete from orchestrator.executions where id = any (p_deleted);
    end if;
end
$$;
comment on function orchestrator.finish_executions(bigint[], smallint[], text, json, jsonb, bigint[], bigint[]) is 'store statuses, jobs and outputs of a batch; internal';
