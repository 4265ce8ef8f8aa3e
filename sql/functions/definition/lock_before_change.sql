-- orchestrator.lock_before_change: trigger function, takes the publishers' lock before a definition changes
create or replace function orchestrator.lock_before_change()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    perform orchestrator.lock_publishing();
    return null;
end
$$;
comment on function orchestrator.lock_before_change() is 'trigger function: publishers one after another';
