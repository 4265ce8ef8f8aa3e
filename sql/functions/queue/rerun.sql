-- orchestrator.rerun: run a waiting execution again, from its head or from a node that it has reached, in the caller's transaction.
-- With p_overwrite the node's latest job is replaced, else new jobs are added.
-- Errors: WF404 no such execution, WF409 somebody processes it, WF422 it has ended or not begun, or the node was never reached.
create or replace function orchestrator.rerun(p_execution bigint, p_node_id bigint default null, p_overwrite boolean default false) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, MDY'
set row_security = off
as $$
begin
    perform orchestrator.result(
        orchestrator.invoke_queue('rerun', p_execution::text, p_node_id::text, p_overwrite::text)
    );
end
$$;
comment on function orchestrator.rerun(bigint, bigint, boolean) is 'run a waiting execution again from a node; internal';
alter function orchestrator.rerun(bigint, bigint, boolean) owner to orchestrator_runner;
