-- orchestrator.claim_started(bigint): lock a started execution, and return what it takes to run it again: see waiting_state().
create or replace function orchestrator.claim_started(p_execution bigint)
returns table (id bigint, workflow_id bigint, program_id bigint, options text, context text, ancestors text, jobs text)
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_execution orchestrator.executions;
begin
    select * into v_execution from orchestrator.executions e where e.id = p_execution for update nowait;
    if not found then
        raise exception 'execution "%" does not exist', p_execution using errcode = 'WF404';
    end if;
    if v_execution.status is distinct from 0 then
        raise exception 'Only started executions can be rerun' using errcode = 'WF422';
    end if;
    -- raising undoes what this transaction did: the abort itself is abort_expired()'s
    if v_execution.expires_at <= orchestrator.current_time() then
        raise exception 'Execution timed out' using errcode = 'WF422';
    end if;
    return query select s.* from orchestrator.waiting_state(p_execution) s;
exception
    when lock_not_available then
        raise exception 'Execution is being processed' using errcode = 'WF409';
end
$$;
comment on function orchestrator.claim_started(bigint) is 'lock a started execution; internal';
