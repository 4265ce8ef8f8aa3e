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
    v_other text;
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
    -- where a name was cut, another one may lead to the same functions
    select c.name into v_other
    from orchestrator.collections c
    cross join unnest(array['guard', 'few_guard', 'before', 'judge', 'after']) as f (stem)
    cross join unnest(array['insert', 'update', 'delete']) as e (event)
    where c.table_oid <> p_table
        and (
            orchestrator.hook_name(c.name, f.stem || '_' || e.event) = orchestrator.hook_name(v_name, f.stem || '_' || e.event)
            or orchestrator.hook_name(c.name, 'close') = orchestrator.hook_name(v_name, 'close')
            or orchestrator.hook_name(c.name, 'take') = orchestrator.hook_name(v_name, 'take')
            or orchestrator.hook_name(c.name, 'truncate') = orchestrator.hook_name(v_name, 'truncate')
        )
    limit 1;
    if found then
        raise exception using
            errcode = 'WF409',
            message = format('collection %s would share its functions with collection %s', quote_literal(v_name), quote_literal(v_other)),
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
