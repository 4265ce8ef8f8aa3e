-- orchestrator.lock_in_turns: takes the lock that CREATE TRIGGER needs without making writers wait for us: it gives up
-- after 20 ms, lets them pass for 30, and tries again. False where it has had no luck.
create or replace function orchestrator.lock_in_turns(p_table oid, p_turns integer)
    returns boolean
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_timeout text := current_setting('lock_timeout');
begin
    perform set_config('lock_timeout', '20ms', true);
    for v_turn in 1..p_turns loop
        begin
            execute format('lock table %s in share row exclusive mode', p_table::regclass);
            perform set_config('lock_timeout', v_timeout, true);
            return true;
        exception when lock_not_available then
            if v_turn < p_turns then
                perform pg_sleep(0.03);
            end if;
        end;
    end loop;
    perform set_config('lock_timeout', v_timeout, true);
    return false;
end
$$;
comment on function orchestrator.lock_in_turns(oid, integer) is 'share row exclusive lock on a table, asked for in short turns; whether it was got';
