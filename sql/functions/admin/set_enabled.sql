-- orchestrator.set_enabled: switches the current version of a workflow on or off; the table's triggers publish
create or replace function orchestrator.set_enabled(p_key text, p_enabled boolean)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    perform orchestrator.lock_publishing();
    update orchestrator.workflows set enabled = p_enabled where key = p_key and current and enabled <> p_enabled;
    if not found and not exists (select from orchestrator.workflows where key = p_key and current) then
        raise exception using errcode = 'WF404', message = format('workflow "%s" does not exist', p_key);
    end if;
end
$$;
comment on function orchestrator.set_enabled(text, boolean) is 'what enable() and disable() share';
