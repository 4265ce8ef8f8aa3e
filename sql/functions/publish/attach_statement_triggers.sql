-- orchestrator.attach_statement_triggers: the statement triggers of one table or partition: what ends statements only
-- where the managed table has it, see attach_closes().
create or replace function orchestrator.attach_statement_triggers(p_table oid, p_collection text, p_mode text)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    -- a foreign table takes no such trigger
    if (select c.relkind <> 'f' from pg_catalog.pg_class c where c.oid = p_table) then
        execute format(
            'create or replace trigger zz_orchestrator_truncate before truncate on %s for each statement execute function orchestrator_hooks.%I()',
            p_table::regclass, orchestrator.hook_name(p_collection, 'truncate')
        );
        perform orchestrator.set_firing(p_table, 'zz_orchestrator_truncate', p_mode);
    end if;
    if orchestrator.closes((select c.table_oid from orchestrator.collections c where c.name = p_collection), p_collection) then
        perform orchestrator.attach_close(p_table, p_collection, p_mode);
    end if;
end
$$;
comment on function orchestrator.attach_statement_triggers(oid, text, text) is 'creates the triggers that end statements and refuse TRUNCATE';
