-- orchestrator.announce_identity: trigger function, tells API processes that users or roles changed
create or replace function orchestrator.announce_identity()
returns trigger
language plpgsql
volatile
security invoker
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    perform pg_notify('orchestrator_identity', '');
    return null;
end
$$;
comment on function orchestrator.announce_identity() is 'trigger function: API processes forget the users and roles they remember';
