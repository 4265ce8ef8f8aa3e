-- orchestrator.seconds_to_expiry(): how long until the next waiting execution runs out of time; null when none can.
create or replace function orchestrator.seconds_to_expiry() returns double precision
language sql stable security definer
set search_path = pg_catalog, orchestrator, pg_temp
-- what is open is little and the history is not, whatever the statistics say
set enable_seqscan = off
as $$
    select date_part('epoch', e.expires_at - orchestrator.current_time())
    from orchestrator.executions e
    where e.status = 0 and (case when e.parked then e.key end) is null
    order by (case when e.parked then e.key end), e.expires_at
    limit 1
$$;
comment on function orchestrator.seconds_to_expiry() is 'seconds until the next time limit of a waiting execution';
