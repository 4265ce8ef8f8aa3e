-- orchestrator.lock_patiently: takes the lock that CREATE TRIGGER needs without making writers wait for us: it gives up
-- after 20 ms, lets them pass, and tries again for half a minute.
create or replace function orchestrator.lock_patiently(p_table oid)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_timeout text := current_setting('lock_timeout');
begin
    perform set_config('lock_timeout', '20ms', true);
    for v_attempt in 1..600 loop
        begin
            execute format('lock table %s in share row exclusive mode', p_table::regclass);
            perform set_config('lock_timeout', v_timeout, true);
            return;
        exception when lock_not_available then
            perform pg_sleep(0.03);
        end;
    end loop;
    raise exception using
        errcode = 'WF409',
        message = format('could not lock table %s: it was written to all the time', p_table::regclass),
        hint = 'End long transactions that write to it, then publish again.';
end
$$;
comment on function orchestrator.lock_patiently(oid) is 'share row exclusive lock on a table, asked for in short turns';
