-- orchestrator.detach_triggers: drops our triggers from a table and its partitions.
create or replace function orchestrator.detach_triggers(p_table oid)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_table regclass;
    v_trigger name;
begin
    for v_table, v_trigger in
        select f.relid::regclass, t.tgname
        from orchestrator.table_family(p_table) f
        join pg_catalog.pg_trigger t on t.tgrelid = f.relid
        where t.tgname like 'zz\_orchestrator\_%' and t.tgparentid = 0
    loop
        execute format('drop trigger %I on %s', v_trigger, v_table);
    end loop;
end
$$;
comment on function orchestrator.detach_triggers(oid) is 'drops every trigger of ours from a table';
