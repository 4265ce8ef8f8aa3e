-- orchestrator.stamp_password: trigger function, another password ends every session of before
create or replace function orchestrator.stamp_password()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    -- the row is locked by now: who signs in with the old password has done so before, or finds the new one
    new.password_change_tz := floor(extract(epoch from clock_timestamp()) * 1000)::bigint;
    update orchestrator.sessions s set ended_at = now() where s.user_id = new.id and s.ended_at is null;
    delete from orchestrator.password_resets r where r.user_id = new.id;
    return new;
end
$$;
comment on function orchestrator.stamp_password() is 'trigger function: when the password changed; ends sessions and resets';
