-- orchestrator.enqueue: the outbox: one queued execution a record, part of the write that caused it.
-- p_data: the records as JSON texts. p_stack: ids of the executions that led here.
create or replace function orchestrator.enqueue(
    p_workflow_id bigint, p_key text, p_data text[], p_stack jsonb default null
)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_actor jsonb;
    v_common text;
begin
    if cardinality(p_data) = 0 then
        return;
    end if;
    v_actor := orchestrator.actor();
    v_common := ',"user":' || coalesce(v_actor -> 'user', 'null')::text || ',"roleName":' || (v_actor -> 'roleName')::text
        || ',"dbUser":' || (v_actor -> 'dbUser')::text || '}';
    insert into orchestrator.executions (workflow_id, key, context, stack)
    select p_workflow_id, p_key, ('{"data":' || d.value || v_common)::json, p_stack
    from unnest(p_data) with ordinality as d (value, n)
    order by d.n;
    insert into orchestrator.execution_counts (workflow_id, key, executed)
    values (p_workflow_id, p_key, cardinality(p_data));
    -- asked here first: wake() itself costs ten times as much
    if pg_sequence_last_value('orchestrator.wake_until'::regclass) > 0 then
        perform orchestrator.wake();
    end if;
end
$$;
comment on function orchestrator.enqueue(bigint, text, text[], jsonb) is 'queues executions of an asynchronous workflow';
