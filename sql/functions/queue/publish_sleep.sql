-- orchestrator.publish_sleep(): copy the latest sleeps_until of all workers to where writers look.
-- The caller holds the lock of the workers until it commits, so the copy never misses a colleague who just fell asleep.
create or replace function orchestrator.publish_sleep() returns void
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    perform setval('orchestrator.wake_until', coalesce(ceil(date_part('epoch', max(w.sleeps_until)))::bigint, 0))
    from orchestrator.workers w
    where w.sleeps_until > clock_timestamp();
end
$$;
comment on function orchestrator.publish_sleep() is 'recompute wake_until from workers; internal';
