-- orchestrator.attach_row_triggers: the row triggers of a table or inheritance child; partitions have them from the table.
-- Their names sort last, so that no other BEFORE trigger changes a row after a guard saw it.
create or replace function orchestrator.attach_row_triggers(p_table oid, p_collection text, p_mode text)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_event text;
    v_rows text;
    v_generated boolean;
begin
    if exists (
        select from pg_catalog.pg_trigger t where t.tgrelid = p_table and t.tgname = 'zz_orchestrator_before_insert'
    ) then
        raise exception using
            errcode = 'WF409',
            message = format('%s is guarded already, as a part of another managed table', p_table::regclass),
            hint = 'A table can be a part of one managed table.';
    end if;
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
                'when (case when orchestrator_hooks.few_rows() then orchestrator_hooks.%1$I(%2$s) else orchestrator_hooks.%3$I(%2$s) end)',
                orchestrator.hook_name(p_collection, 'few_guard_' || v_event), v_rows,
                orchestrator.hook_name(p_collection, 'guard_' || v_event)
            ) end,
            orchestrator.hook_name(p_collection, 'before_' || v_event)
        );
        perform orchestrator.set_firing(p_table, 'zz_orchestrator_before_' || v_event, p_mode);
    end loop;
end
$$;
comment on function orchestrator.attach_row_triggers(oid, text, text) is 'creates the triggers that judge each row';
