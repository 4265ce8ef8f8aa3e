-- orchestrator.count_workflow: trigger function, makes the statistics rows of a new version
create or replace function orchestrator.count_workflow()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    insert into orchestrator.workflow_stats (key) values (new.key) on conflict (key) do nothing;
    insert into orchestrator.workflow_version_stats (id) values (new.id) on conflict (id) do nothing;
    return null;
end
$$;
comment on function orchestrator.count_workflow() is 'trigger function: statistics begin at 0 with the version';
