-- orchestrator.check_workflow: refuses with WF422 a version whose rows can not be compiled; the message names the path
create or replace function orchestrator.check_workflow(p_workflow_id bigint)
returns void
language plpgsql
stable
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    perform orchestrator.result(orchestrator.invoke('orchestrator.compiler.document:verify', p_workflow_id::text));
end
$$;
comment on function orchestrator.check_workflow(bigint) is 'checks configuration and graph of a version, raises WF422 with the paths that are wrong';
