-- orchestrator.claim_waiting(bigint): lock the execution of a waiting job, and return what it takes to resume it: as claim_executions(), and its jobs so far.
create or replace function orchestrator.claim_waiting(p_job bigint)
returns table (id bigint, workflow_id bigint, program_id bigint, options text, context text, ancestors text, jobs text, n integer)
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_execution orchestrator.executions;
begin
    if not exists (select from orchestrator.jobs j where j.id = p_job and j.execution_id = p_job / 1048576) then
        raise exception 'Job not found' using errcode = 'WF404';
    end if;
    begin
        select * into v_execution from orchestrator.executions e where e.id = p_job / 1048576 for update nowait;
    exception
        when lock_not_available then
            raise exception 'Execution is being processed' using errcode = 'WF409';
    end;
    if v_execution.status is distinct from 0 then
        raise exception 'Execution is not running' using errcode = 'WF422';
    end if;
    -- raising undoes what this transaction did: the abort itself is abort_expired()'s
    if v_execution.expires_at <= orchestrator.current_time() then
        raise exception 'Execution timed out' using errcode = 'WF422';
    end if;
    if not exists (select from orchestrator.waiting_jobs w where w.id = p_job) then
        raise exception 'Job is not waiting' using errcode = 'WF422';
    end if;
    return query select s.*, (p_job % 1048576)::integer from orchestrator.waiting_state(v_execution.id) s;
end
$$;
comment on function orchestrator.claim_waiting(bigint) is 'lock what a waiting job belongs to; internal';
