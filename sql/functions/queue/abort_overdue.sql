-- orchestrator.abort_overdue(bigint): abort a waiting execution whose time is up; whether that was so.
-- Errors: WF409 somebody processes it.
create or replace function orchestrator.abort_overdue(p_execution bigint) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    perform from orchestrator.executions e
    where e.id = p_execution and e.status = 0 and e.expires_at <= orchestrator.current_time()
    for update nowait;
    if found then
        perform orchestrator.abort_execution(p_execution, 'timeout');
    end if;
    return found;
exception
    when lock_not_available then
        raise exception 'Execution is being processed' using errcode = 'WF409';
end
$$;
comment on function orchestrator.abort_overdue(bigint) is 'abort an execution that waited beyond its time limit; internal';
