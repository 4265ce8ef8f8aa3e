-- orchestrator.next_execution_id: an id for an execution that writes before its row exists.
create or replace function orchestrator.next_execution_id()
    returns bigint
    language sql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select nextval('orchestrator.execution_id_seq')
$$;
comment on function orchestrator.next_execution_id() is 'next id of orchestrator.executions';
