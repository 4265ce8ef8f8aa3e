-- orchestrator.attach_closes: the triggers that end statements, created when the first guard keeps history and then left
-- alone: a table whose guards keep none does not pay for them (4 µs a statement). Writers do not queue behind us; false
-- where they leave no room within p_turns. History is written row by row until it is tried again: attach_waiting().
create or replace function orchestrator.attach_closes(p_table oid, p_turns integer)
    returns boolean
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_collection orchestrator.collections;
    v_part oid;
    -- manage() waits for its lock in any case
    v_turns integer := case when orchestrator.dispatches(p_table) then p_turns else 600 end;
begin
    select * into strict v_collection from orchestrator.collections c where c.table_oid = p_table;
    if (select c.relkind = 'v' from pg_catalog.pg_class c where c.oid = p_table) then
        return true;
    end if;
    for v_part in
        select t.relid from orchestrator.table_family(p_table) t where not orchestrator.closes(t.relid, v_collection.name)
    loop
        -- a foreign table cannot be locked by name
        if (select c.relkind <> 'f' from pg_catalog.pg_class c where c.oid = v_part) and not orchestrator.lock_in_turns(v_part, v_turns) then
            return false;
        end if;
        perform orchestrator.attach_close(v_part, v_collection.name, v_collection.mode);
    end loop;
    return true;
end
$$;
comment on function orchestrator.attach_closes(oid, integer) is 'creates the triggers that end statements, once a table; false where writers leave no room';
