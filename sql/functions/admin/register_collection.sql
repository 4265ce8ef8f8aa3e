-- orchestrator.register_collection: make a table a collection, or give a collection another name or mode.
-- Runs as its caller, who must be allowed to grant on the table: what runs nodes may then read and write it, what
-- serves HTTP may read it.
create or replace function orchestrator.register_collection(p_table oid, p_name text, p_mode text)
    returns void
    language plpgsql volatile security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_table text;
    v_kind "char";
    v_name text;
begin
    select t.relname, t.relkind into v_table, v_kind from pg_class t where t.oid = p_table;
    if v_kind is null or v_kind not in ('r', 'p', 'v', 'f') then
        raise exception using errcode = 'WF422', message = format('%s is not a table or view', p_table::regclass);
    end if;
    select c.name into v_name from orchestrator.collections c where c.table_oid = p_table;
    v_name := coalesce(p_name, v_name, v_table);
    if exists (select from orchestrator.collections c where c.name = v_name and c.table_oid <> p_table) then
        raise exception using
            errcode = 'WF409',
            message = format('a collection named %s already exists', quote_literal(v_name)),
            hint = format('Give the collection of table %s another name.', p_table::regclass);
    end if;

    insert into orchestrator.collections as c (name, table_oid, mode)
    values (v_name, p_table, coalesce(p_mode, 'always'))
    on conflict (table_oid) do update
    set name = excluded.name, mode = coalesce(p_mode, c.mode), updated_at = now();

    perform orchestrator.grant_collection(p_table);
    perform orchestrator.refresh_fields(v_name);
end
$$;
comment on function orchestrator.register_collection(oid, text, text) is
    'registers a table''s columns and foreign keys as a collection and grants it to the nodes'' role';
