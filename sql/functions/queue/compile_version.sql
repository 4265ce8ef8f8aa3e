-- orchestrator.compile_version(bigint): the program of a version as its rows are now. Publishing compiles what is enabled and has a table; this is for the rest.
create or replace function orchestrator.compile_version(p_workflow_id bigint) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    return orchestrator.result(orchestrator.invoke('orchestrator.hooks.versions:compile_version', p_workflow_id::text))::bigint;
end
$$;
comment on function orchestrator.compile_version(bigint) is 'compile a version for a run by hand; internal';
