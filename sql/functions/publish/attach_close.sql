-- orchestrator.attach_close: the trigger that ends statements, on one table or partition.
create or replace function orchestrator.attach_close(p_table oid, p_collection text, p_mode text)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    execute format(
        'create or replace trigger zz_orchestrator_close after insert or update or delete on %s for each statement execute function orchestrator_hooks.%I()',
        p_table::regclass, orchestrator.hook_name(p_collection, 'close')
    );
    perform orchestrator.set_firing(p_table, 'zz_orchestrator_close', p_mode);
end
$$;
comment on function orchestrator.attach_close(oid, text, text) is 'creates the trigger that ends statements on one table';
