-- orchestrator.record_run: writes the one run of a statement that passed, as the trigger after it took it from the engine.
-- p_context is the row's own part of the context; who writes is added here. Asked and written in the trigger's own call:
-- from the engine it would be two calls of SPI, each with a subtransaction.
create or replace function orchestrator.record_run(p_workflow_id bigint, p_key text, p_context text, p_jobs text)
    returns boolean
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_actor jsonb := orchestrator.actor();
    v_now timestamptz := case
        when coalesce(current_setting('orchestrator.fake_now', true), '') = '' then clock_timestamp()
        else orchestrator.current_time()
    end;
begin
    insert into orchestrator.execution_counts (workflow_id, key, executed) values (p_workflow_id, p_key, 1);
    insert into orchestrator.executions
        (workflow_id, key, context, status, dispatched, jobs, started_at, created_at, updated_at)
    values (
        p_workflow_id, p_key,
        (
            p_context || '"user":' || (v_actor -> 'user')::text || ',"roleName":' || (v_actor -> 'roleName')::text
            || ',"dbUser":' || (v_actor -> 'dbUser')::text || '}'
        )::json,
        1, true, p_jobs::json, v_now, v_now, v_now
    );
    return true;
end
$$;
comment on function orchestrator.record_run(bigint, text, text, text) is 'appends the run of a single row to the history and counts it';
