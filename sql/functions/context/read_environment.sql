-- orchestrator.read_environment: what $env shows; the nodes' role alone may ask.
create or replace function orchestrator.read_environment()
    returns table (name text, value text)
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select e.name, e.value from orchestrator.environment e
$$;
comment on function orchestrator.read_environment() is 'environment values and secrets for templates';
