-- orchestrator.set_fence(): a mark behind every writer who may have read the flag before it was set.
-- Run it in a transaction of its own, after fall_asleep() has committed: writers get their transaction id before they read the flag, so all who read the
-- old one are below a transaction id given now. A snapshot's xmax would not do: it follows the last *finished* transaction and misses younger open ones.
create or replace function orchestrator.set_fence() returns text
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    perform set_config('synchronous_commit', 'off', true);
    return pg_current_xact_id()::text;
end
$$;
comment on function orchestrator.set_fence() is 'a transaction id newer than every writer who missed the flag';
