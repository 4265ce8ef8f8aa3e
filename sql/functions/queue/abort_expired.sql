-- orchestrator.abort_expired(integer): abort started executions beyond their time limit, the longest overdue first; returns how many.
create or replace function orchestrator.abort_expired(p_max integer default 1000) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
-- what is open is little and the history is not, whatever the statistics say
set enable_seqscan = off
as $$
declare
    v_id bigint;
    v_aborted integer := 0;
begin
    for v_id in
        select e.id from orchestrator.executions e
        where e.status = 0 and (case when e.parked then e.key end) is null and e.expires_at <= orchestrator.current_time()
        order by (case when e.parked then e.key end), e.expires_at
        limit p_max
        for update skip locked
    loop
        -- an ancestor in the same round may have taken it along
        if exists (select from orchestrator.executions e where e.id = v_id and e.status = 0) then
            perform orchestrator.abort_execution(v_id, 'timeout');
            v_aborted := v_aborted + 1;
        end if;
    end loop;
    return v_aborted;
end
$$;
comment on function orchestrator.abort_expired(integer) is 'abort executions that waited beyond their time limit';
