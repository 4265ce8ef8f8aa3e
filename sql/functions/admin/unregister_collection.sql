-- orchestrator.unregister_collection: forget a collection and take back what register_collection granted.
-- Works for a table that is already dropped. Runs as its caller, as register_collection does.
create or replace function orchestrator.unregister_collection(p_table oid)
    returns void
    language plpgsql volatile security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_name text;
    v_neighbours text[];
    v_neighbour text;
    v_sequence oid;
begin
    -- by constraint while the table lives, by what its relations say once it is gone
    select array_agg(n.name) into v_neighbours
    from (
        select k.name from orchestrator.neighbours(p_table) k
        union
        select f.collection_name
        from orchestrator.fields f
        join orchestrator.collections c on c.table_oid = p_table
        where f.options ->> 'target' = c.name or f.options ->> 'through' = c.name
    ) n;
    delete from orchestrator.collections c where c.table_oid = p_table returning c.name into v_name;
    if v_name is null then
        raise exception using errcode = 'WF404', message = format('table %s is not managed', p_table::regclass);
    end if;
    if exists (select from pg_class t where t.oid = p_table) then
        execute format('revoke insert, delete on %s from orchestrator_runner', p_table::regclass);
        -- what fills its columns stays, and reads and writes the table as this role
        if not exists (
            select from pg_trigger t
            join pg_proc p on p.oid = t.tgfoid
            where t.tgrelid = p_table and p.pronamespace = 'orchestrator'::regnamespace
        ) then
            execute format('revoke select, update on %s from orchestrator_runner', p_table::regclass);
        end if;
        execute format('revoke select on %s from orchestrator_api', p_table::regclass);
        for v_sequence in select s.sequence from orchestrator.column_sequences(p_table) s loop
            execute format('revoke usage on sequence %s from orchestrator_runner', v_sequence::regclass);
        end loop;
    end if;
    foreach v_neighbour in array coalesce(v_neighbours, array[]::text[]) loop
        if v_neighbour <> v_name then
            perform orchestrator.refresh_associations(v_neighbour);
        end if;
    end loop;
    delete from orchestrator.compiled_statements;
end
$$;
comment on function orchestrator.unregister_collection(oid) is 'forgets a collection; the table stays as it is';
