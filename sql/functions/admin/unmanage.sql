-- orchestrator.unmanage: leaves a table as it was before manage(): triggers, generated functions, grants and catalog
-- entries go. Its workflows stay, and start nothing.
create or replace function orchestrator.unmanage("table" regclass)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_table alias for $1;
    v_name text;
begin
    select c.name into v_name from orchestrator.collections c where c.table_oid = v_table;
    if v_name is null then
        raise exception using errcode = 'WF404', message = format('%s is not managed', v_table);
    end if;
    perform orchestrator.lock_publishing();
    perform orchestrator.detach_triggers(v_table);
    perform orchestrator.drop_hooks(v_name);
    perform orchestrator.unregister_collection(v_table);
end
$$;
comment on function orchestrator.unmanage(regclass) is 'undoes manage()';
