-- orchestrator.attach_dispatcher: the triggers of a managed table, created once and then left alone. Their names sort
-- last, so that no other BEFORE trigger changes a row after a guard saw it.
-- Partitions inherit row triggers; statement triggers they need of their own, for writes that name them directly.
create or replace function orchestrator.attach_dispatcher(p_table oid)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_collection orchestrator.collections;
    v_event text;
    v_rows text;
    v_generated boolean;
    v_part regclass;
begin
    select * into strict v_collection from orchestrator.collections c where c.table_oid = p_table;
    v_generated := exists (
        select from pg_catalog.pg_attribute a
        where a.attrelid = p_table and a.attgenerated <> '' and not a.attisdropped
    );
    foreach v_event in array array['insert', 'update', 'delete'] loop
        v_rows := case v_event when 'insert' then 'new' when 'update' then 'new, old' else 'old' end;
        execute format(
            'create trigger %I before %s on %s for each row %s execute function orchestrator_hooks.%I()',
            'zz_orchestrator_before_' || v_event, v_event, p_table::regclass,
            -- NEW.* has no generated columns yet, so such a table goes without a native guard
            case when v_generated and v_event <> 'delete' then '' else format(
                'when (orchestrator_hooks.%I(%s) is not false)',
                orchestrator.hook_name(v_collection.name, 'guard_' || v_event), v_rows
            ) end,
            orchestrator.hook_name(v_collection.name, 'before_' || v_event)
        );
        perform orchestrator.set_firing(p_table, 'zz_orchestrator_before_' || v_event, v_collection.mode);
    end loop;
    for v_part in select t.relid from orchestrator.table_family(p_table) t loop
        perform orchestrator.attach_statement_triggers(v_part, v_collection.name, v_collection.mode);
    end loop;
end
$$;
comment on function orchestrator.attach_dispatcher(oid) is 'creates the triggers of a table that is put under management';
