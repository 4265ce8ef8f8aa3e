-- orchestrator.enable: lets the current version of a workflow listen, from the next statement on
create or replace function orchestrator.enable(key text)
returns void
language sql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select orchestrator.set_enabled($1, true)
$$;
comment on function orchestrator.enable(text) is 'publishes the current version of a workflow';
