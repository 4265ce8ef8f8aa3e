-- orchestrator.cancel(bigint): end a queued or waiting execution by hand; status -3, reason manual_cancel.
create or replace function orchestrator.cancel(execution bigint) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_status smallint;
begin
    select e.status into v_status from orchestrator.executions e where e.id = cancel.execution for update nowait;
    if not found then
        raise exception 'execution "%" does not exist', execution using errcode = 'WF404';
    end if;
    if v_status <> 0 then
        raise exception 'execution "%" is already finished', execution using errcode = 'WF422';
    end if;
    perform orchestrator.abort_execution(execution, 'manual_cancel');
exception
    when lock_not_available then
        raise exception 'Execution is being processed' using errcode = 'WF409';
end
$$;
comment on function orchestrator.cancel(bigint) is 'cancel a queued or waiting execution';
