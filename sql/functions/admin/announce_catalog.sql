-- orchestrator.announce_catalog: trigger function, gives the catalog a new revision and tells API processes.
-- Changes wait for each other until they commit, so nobody ever has the number of one and the fields of another. The lock
-- of publishers comes first, since most of these transactions will ask for it next.
create or replace function orchestrator.announce_catalog()
    returns trigger
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    perform orchestrator.lock_publishing();
    update orchestrator.catalog_state set revision = greatest(revision + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint);
    perform pg_notify('orchestrator_catalog', '');
    return null;
end
$$;
comment on function orchestrator.announce_catalog() is 'trigger function: the catalog has another revision, API processes read it again';
