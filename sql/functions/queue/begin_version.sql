-- orchestrator.begin_version(bigint, jsonb): a started execution of a version, enabled and current or not, with what it takes to run it.
create or replace function orchestrator.begin_version(p_workflow_id bigint, p_context jsonb)
returns table (id bigint, workflow_id bigint, program_id bigint, options text, context text, ancestors text)
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_workflow orchestrator.workflows;
    v_program bigint;
    v_id bigint;
    v_now timestamptz := orchestrator.current_time();
    v_timeout bigint;
begin
    select * into v_workflow from orchestrator.workflows w where w.id = p_workflow_id;
    if not found then
        raise exception 'workflow not found' using errcode = 'WF404', detail = p_workflow_id::text;
    end if;
    if p_context is null then
        raise exception 'workflow not triggered' using errcode = 'WF422', detail = p_workflow_id::text;
    end if;
    -- a disabled version may have been changed since it was last published
    if v_workflow.enabled then
        select max(g.id) into v_program from orchestrator.programs g where g.workflow_id = v_workflow.id;
    end if;
    v_program := coalesce(v_program, orchestrator.compile_version(v_workflow.id));
    v_timeout := coalesce((v_workflow.options ->> 'timeout')::bigint, 0);
    insert into orchestrator.executions (workflow_id, key, context, status, dispatched, manually, started_at, expires_at)
    values (
        v_workflow.id, v_workflow.key, p_context, 0, true, true, v_now,
        case when v_timeout > 0 then v_now + make_interval(secs => v_timeout / 1000.0) end
    )
    returning executions.id into v_id;
    insert into orchestrator.execution_counts (workflow_id, key, executed) values (v_workflow.id, v_workflow.key, 1);
    return query select v_id, v_workflow.id, v_program, v_workflow.options::text, p_context::text, null::text;
end
$$;
comment on function orchestrator.begin_version(bigint, jsonb) is 'create an execution of a version that is run by hand; internal';
