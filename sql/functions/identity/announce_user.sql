-- orchestrator.announce_user: trigger function, tells API processes that something of one user changed
create or replace function orchestrator.announce_user()
returns trigger
language plpgsql
volatile
security invoker
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    if tg_op <> 'INSERT' then
        perform pg_notify('orchestrator_identity', old.user_id::text);
    end if;
    if tg_op <> 'DELETE' then
        perform pg_notify('orchestrator_identity', new.user_id::text);
    end if;
    return null;
end
$$;
comment on function orchestrator.announce_user() is 'trigger function: API processes forget what they remember of the user of a row';
