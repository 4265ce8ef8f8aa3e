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
    v_above text[];
begin
    select c.name into v_name from orchestrator.collections c where c.table_oid = v_table;
    if v_name is null then
        raise exception using errcode = 'WF404', message = format('%s is not managed', v_table);
    end if;
    perform orchestrator.lock_publishing();
    perform orchestrator.detach_triggers(v_table);
    perform orchestrator.drop_hooks(v_name);
    perform orchestrator.unregister_collection(v_table);
    -- a managed table that it inherits from has it back
    with recursive above (relid) as (
        select i.inhparent from pg_inherits i where i.inhrelid = v_table
        union
        select i.inhparent from above a join pg_inherits i on i.inhrelid = a.relid
    )
    select array_agg(c.name order by c.name) into v_above
    from above a
    join orchestrator.collections c on c.table_oid = a.relid;
    if v_above is not null then
        perform orchestrator.keep_up(v_above);
    end if;
end
$$;
comment on function orchestrator.unmanage(regclass) is 'undoes manage()';
