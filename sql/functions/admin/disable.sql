-- orchestrator.disable: stops the current version of a workflow from listening; it stays current
create or replace function orchestrator.disable(key text)
returns void
language sql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select orchestrator.set_enabled($1, false)
$$;
comment on function orchestrator.disable(text) is 'takes a workflow out of service; it stays current';
