-- orchestrator.announce_catalog: trigger function, tells API processes that collections or fields changed.
create or replace function orchestrator.announce_catalog()
    returns trigger
    language plpgsql volatile security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    perform pg_notify('orchestrator_catalog', '');
    return null;
end
$$;
comment on function orchestrator.announce_catalog() is 'trigger function: API processes read the catalog again';
