-- orchestrator.register_collection: make a table a collection, or give a collection another name or mode.
-- Runs as its caller, who must be allowed to grant on the table: what runs nodes may then read and write it, what
-- serves HTTP may read it.
create or replace function orchestrator.register_collection(p_table oid, p_name text, p_mode text)
    returns void
    language plpgsql volatile security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_schema text;
    v_table text;
    v_kind "char";
    v_name text;
    v_schema_used text;
    v_sequence oid;
begin
    select n.nspname, t.relname, t.relkind
    into v_schema, v_table, v_kind
    from pg_class t
    join pg_namespace n on n.oid = t.relnamespace
    where t.oid = p_table;
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

    -- the table's schema, and those of its columns' types and of their operators
    for v_schema_used in
        select v_schema
        union
        select n.nspname
        from pg_attribute a
        join pg_type t on t.oid = a.atttypid
        left join pg_type b on b.oid = t.typbasetype or b.oid = t.typelem
        join pg_namespace n on n.oid in (t.typnamespace, b.typnamespace)
        where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped and n.nspname <> 'pg_catalog'
        union
        select f.operators
        from pg_attribute a
        cross join lateral orchestrator.field_type(a.atttypid) f
        where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped and f.operators is not null
    loop
        execute format('grant usage on schema %I to orchestrator_runner, orchestrator_api', v_schema_used);
    end loop;
    execute format('grant select, insert, update, delete on %I.%I to orchestrator_runner', v_schema, v_table);
    execute format('grant select on %I.%I to orchestrator_api', v_schema, v_table);
    for v_sequence in select s.sequence from orchestrator.column_sequences(p_table) s loop
        execute format('grant usage on sequence %s to orchestrator_runner', v_sequence::regclass);
    end loop;
    perform orchestrator.refresh_fields(v_name);
end
$$;
comment on function orchestrator.register_collection(oid, text, text) is
    'registers a table''s columns and foreign keys as a collection and grants it to the nodes'' role';
