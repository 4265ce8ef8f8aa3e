-- orchestrator.park_executions(bigint[]): take queued rows of disabled workflows out of the workers' way.
-- Those of p_seen, and more of the same keys, so that a long disabled backlog is passed quickly.
create or replace function orchestrator.park_executions(p_seen bigint[]) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_parked integer;
begin
    update orchestrator.executions e
    set parked = true
    where e.id in (
        select q.id
        from orchestrator.executions q
        where q.status is null and (case when q.parked then q.key end) is null and q.expires_at is null and q.id >= (select min(s.id) from unnest(p_seen) s (id))
            and q.key in (select x.key from orchestrator.executions x where x.id = any (p_seen))
            and not exists (select from orchestrator.workflows w where w.key = q.key and w.current and w.enabled)
        order by q.status, (case when q.parked then q.key end), q.expires_at, q.id
        limit 10000
        for update of q skip locked
    );
    get diagnostics v_parked = row_count;
    return v_parked;
end
$$;
comment on function orchestrator.park_executions(bigint[]) is 'park queued executions of disabled workflows; internal';
