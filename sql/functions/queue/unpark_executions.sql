-- orchestrator.unpark_executions(): queue again what was parked and belongs to an enabled workflow; returns how many.
create or replace function orchestrator.unpark_executions() returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
-- what is open is little and the history is not, whatever the statistics say
set enable_seqscan = off
as $$
declare
    v_unparked integer;
begin
    if not exists (select from orchestrator.executions e where e.status is null and (case when e.parked then e.key end) is not null) then
        return 0;
    end if;
    update orchestrator.executions e
    set parked = false
    where e.id in (
        select q.id
        from orchestrator.workflows w
        cross join lateral (
            select p.id
            from orchestrator.executions p
            where p.status is null and (case when p.parked then p.key end) = w.key and p.expires_at is null
            order by p.status, p.expires_at, p.id
            limit 10000
            for update skip locked
        ) q
        where w.current and w.enabled
    );
    get diagnostics v_unparked = row_count;
    return v_unparked;
end
$$;
comment on function orchestrator.unpark_executions() is 'queue parked executions of enabled workflows again';
