-- orchestrator.lock_suspects(): may the caller look for the execution that took a backend down? One worker at a time, until its transaction ends:
-- otherwise two would run different executions, and the innocent one would be counted as attempted when the other kills both.
create or replace function orchestrator.lock_suspects() returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    lock table orchestrator.suspects_lock in exclusive mode nowait;
    return true;
exception when lock_not_available then
    return false;
end
$$;
comment on function orchestrator.lock_suspects() is 'try to become the one worker that runs suspicious executions';
