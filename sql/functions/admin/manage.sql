-- orchestrator.manage: puts an existing table under management: it becomes a collection, and no write passes by its
-- workflows any more. Nothing of the table itself is changed.
create or replace function orchestrator.manage("table" regclass, name text default null)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_table alias for $1;
    v_name alias for $2;
    v_known text;
    v_kind "char";
begin
    select c.relkind into v_kind from pg_catalog.pg_class c where c.oid = v_table;
    if v_kind not in ('r', 'p', 'v', 'f') or v_table::oid < 16384 then
        raise exception using errcode = 'WF422', message = format('%s is not a table that can be managed', v_table);
    end if;
    if exists (
        select from pg_catalog.pg_class c
        where c.oid = v_table and c.relnamespace in ('orchestrator'::regnamespace, 'orchestrator_hooks'::regnamespace)
    ) then
        raise exception using errcode = 'WF422', message = format('%s is a table of pg-orchestrator itself', v_table);
    end if;
    perform orchestrator.lock_publishing();
    select c.name into v_known from orchestrator.collections c where c.table_oid = v_table;
    if v_name <> v_known then
        raise exception using
            errcode = 'WF409',
            message = format('%s is managed already, as collection %s', v_table, quote_literal(v_known)),
            hint = 'Use orchestrator.unmanage() first.';
    end if;
    if v_known is null then
        -- those of a managed table that it inherits from
        perform orchestrator.detach_triggers(v_table);
    end if;
    perform orchestrator.register_collection(v_table, v_name, null);
    if v_known is not null then
        perform orchestrator.publish(array[v_known]);
        return;
    end if;
    select c.name into v_known from orchestrator.collections c where c.table_oid = v_table;
    perform orchestrator.publish(array[v_known]);
    if v_kind in ('r', 'p', 'f') then
        perform orchestrator.attach_dispatcher(v_table);
    end if;
end
$$;
comment on function orchestrator.manage(regclass, text) is 'makes a table a collection whose writes are guarded and followed';
