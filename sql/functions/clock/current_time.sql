-- orchestrator.current_time: the clock of everything; tests of a superuser set orchestrator.fake_now.
create or replace function orchestrator.current_time()
    returns timestamptz
    language plpgsql stable security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_fake text := nullif(current_setting('orchestrator.fake_now', true), '');
begin
    if v_fake is not null and (select r.rolsuper from pg_catalog.pg_roles r where r.rolname = session_user) then
        return v_fake::timestamptz;
    end if;
    return clock_timestamp();
end
$$;
comment on function orchestrator.current_time() is 'clock_timestamp(), or orchestrator.fake_now for a superuser';
