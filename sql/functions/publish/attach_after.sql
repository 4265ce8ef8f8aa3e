-- orchestrator.attach_after: the after-triggers of a table, created when the first workflow follows its writes and then
-- left alone. They wait for writers with a short lock timeout, again and again, so that nobody queues behind them: a
-- table pays for transition tables (4 % of a bulk insert) only when something follows its writes.
create or replace function orchestrator.attach_after(p_table oid)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_collection orchestrator.collections;
    v_part oid;
    v_event text;
    v_tables text;
begin
    select * into strict v_collection from orchestrator.collections c where c.table_oid = p_table;
    if (select c.relkind in ('v', 'f') from pg_catalog.pg_class c where c.oid = p_table) then
        return;
    end if;
    for v_part in
        select t.relid
        from orchestrator.table_family(p_table) t
        join pg_catalog.pg_class c on c.oid = t.relid and c.relkind <> 'f'
        where not orchestrator.follows(t.relid)
    loop
        perform orchestrator.lock_patiently(v_part);
        foreach v_event in array array['insert', 'update', 'delete'] loop
            v_tables := case v_event
                when 'insert' then 'new table as new_rows'
                when 'update' then 'old table as old_rows new table as new_rows'
                else 'old table as old_rows'
            end;
            execute format(
                'create or replace trigger %I after %s on %s referencing %s for each statement execute function orchestrator_hooks.%I()',
                'zz_orchestrator_after_' || v_event, v_event, v_part::regclass, v_tables,
                orchestrator.hook_name(v_collection.name, 'after_' || v_event)
            );
            perform orchestrator.set_firing(v_part, 'zz_orchestrator_after_' || v_event, v_collection.mode);
        end loop;
    end loop;
end
$$;
comment on function orchestrator.attach_after(oid) is 'creates the triggers that start after-workflows, once a table';
