-- orchestrator.attach_dispatcher: the triggers of a managed table, created once and then left alone.
-- Partitions have the row triggers from the table, inheritance children need their own. Statement triggers all of them
-- need, for writes that name them directly.
create or replace function orchestrator.attach_dispatcher(p_table oid)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_collection orchestrator.collections;
    v_part oid;
begin
    select * into strict v_collection from orchestrator.collections c where c.table_oid = p_table;
    perform orchestrator.attach_row_triggers(p_table, v_collection.name, v_collection.mode);
    for v_part in select t.relid from orchestrator.table_family(p_table) t loop
        perform orchestrator.attach_member(v_part, v_collection.name, v_collection.mode);
    end loop;
end
$$;
comment on function orchestrator.attach_dispatcher(oid) is 'creates the triggers of a table that is put under management';
