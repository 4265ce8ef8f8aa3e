-- orchestrator.suspect_execution(integer): the oldest queued execution, counted as attempted before it is run alone.
-- The caller commits, then calls run_execution(): a backend that dies in between leaves its trace. One that was attempted p_max_attempts times already is parked
-- for good (status -2, reason dead_letter), and the next one is looked at. Null when nothing is queued.
create or replace function orchestrator.suspect_execution(p_max_attempts integer default 3) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_id bigint;
    v_attempts integer;
begin
    -- must survive the crash that may follow, whatever the server's default is
    perform set_config('synchronous_commit', 'on', true);
    loop
        select e.id, e.attempts into v_id, v_attempts
        from orchestrator.claim_executions(1) c
        join orchestrator.executions e on e.id = c.ids[1];
        if v_id is null then
            return null;
        end if;
        if v_attempts < p_max_attempts then
            update orchestrator.executions set attempts = attempts + 1 where id = v_id;
            return v_id;
        end if;
        update orchestrator.executions
        set status = -2, reason = 'dead_letter', dispatched = true, started_at = orchestrator.current_time(), updated_at = orchestrator.current_time()
        where id = v_id;
    end loop;
end
$$;
comment on function orchestrator.suspect_execution(integer) is 'count an attempt of the oldest queued execution, return its id';
