-- orchestrator.keep_authenticator: trigger function, one way to sign in stays open
create or replace function orchestrator.keep_authenticator()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    -- two who each disable one of the last two: the second waits, and sees what the first did
    lock table orchestrator.authenticators_lock in exclusive mode;
    if not exists (select from orchestrator.authenticators a where a.enabled) then
        raise exception 'one authenticator has to stay enabled' using errcode = 'WF422';
    end if;
    return null;
end
$$;
comment on function orchestrator.keep_authenticator() is 'trigger function: refuses to delete or disable the last enabled authenticator';
