-- orchestrator.announce_access: trigger function, gives permissions a new revision and tells API processes.
-- Changes wait for each other until they commit, so nobody ever has the number of one and the permissions of another.
create or replace function orchestrator.announce_access()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    update orchestrator.access_state set revision = greatest(revision + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint);
    perform pg_notify('orchestrator_identity', '');
    return null;
end
$$;
comment on function orchestrator.announce_access() is 'trigger function: permissions have another revision, API processes and sessions read them again';
