-- orchestrator.refresh_fields: read a collection's columns and key again, then its relations and its neighbours'.
-- A field is its column: by name, and by attnum once a name is gone, so that a rename keeps the field, its key and what
-- people configured. A type that somebody
-- chose (password, sort, …) stays until the column's type changes. Nothing here changes the table itself.
-- Locks the collection's row.
create or replace function orchestrator.refresh_fields(p_collection text)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_table oid;
    v_key jsonb;
    v_neighbour text;
begin
    select c.table_oid into v_table from orchestrator.collections c where c.name = p_collection for update;
    if not found then
        raise exception using errcode = 'WF404', message = format('collection %s does not exist', quote_literal(p_collection));
    end if;

    -- a restore numbers columns anew: a field whose name is still a column stays with the name
    update orchestrator.fields f
    set attnum = a.attnum
    from pg_attribute a
    where f.collection_name = p_collection and f.attnum is not null and a.attrelid = v_table
        and a.attname = f.name and a.attnum > 0 and not a.attisdropped and a.attnum <> f.attnum;

    -- columns that are gone, and relations in the way of a column's name: the latter come back under another name
    delete from orchestrator.fields f
    where f.collection_name = p_collection
        and (
            (f.attnum is not null and not exists (
                select from pg_attribute a where a.attrelid = v_table and a.attnum = f.attnum and not a.attisdropped
            ))
            or (f.options ? 'constraint' and exists (
                select from pg_attribute a where a.attrelid = v_table and a.attname = f.name and a.attnum > 0 and not a.attisdropped
            ))
        );

    -- two steps, so that columns may swap their names
    update orchestrator.fields f
    set name = '?' || f.key
    from pg_attribute a
    where f.collection_name = p_collection and a.attrelid = v_table and a.attnum = f.attnum and a.attname <> f.name;
    -- defined ahead of its column, by name
    update orchestrator.fields f
    set attnum = a.attnum
    from pg_attribute a
    where f.collection_name = p_collection and f.attnum is null and f.name = a.attname
        and a.attrelid = v_table and a.attnum > 0 and not a.attisdropped
        and f.type not in ('belongsTo', 'hasOne', 'hasMany', 'belongsToMany', 'belongsToArray')
        and not exists (
            select from orchestrator.fields o where o.collection_name = p_collection and o.attnum = a.attnum
        );

    insert into orchestrator.fields (collection_name, name, type, interface, attnum, sort)
    select p_collection, a.attname, t.type, t.interface, a.attnum, a.attnum
    from pg_attribute a
    cross join lateral orchestrator.field_type(a.atttypid) t
    where a.attrelid = v_table and a.attnum > 0 and not a.attisdropped
        and not exists (
            select from orchestrator.fields o where o.collection_name = p_collection and o.attnum = a.attnum
        );

    update orchestrator.fields f
    set name = a.attname,
        -- null when the field is new or was defined ahead of its column: the type stands
        type = case when f.options ->> 'rawType' <> t.pg_type then t.type else f.type end,
        options = f.options - array['rawType', 'operators', 'array', 'allowNull', 'primaryKey', 'hasDefault', 'generated', 'identity']
            || jsonb_strip_nulls(jsonb_build_object(
                'rawType', t.pg_type,
                'operators', t.operators,
                'array', nullif(t.is_array, false),
                'allowNull', not a.attnotnull,
                'primaryKey', nullif(coalesce(a.attnum = any (i.indkey), false), false),
                'hasDefault', nullif(a.atthasdef or a.attidentity <> '', false),
                'generated', nullif(a.attgenerated <> '', false),
                'identity', case a.attidentity when 'a' then 'always' when 'd' then 'default' end
            )),
        updated_at = now()
    from pg_attribute a
    cross join lateral orchestrator.field_type(a.atttypid) t
    left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
    where f.collection_name = p_collection and a.attrelid = v_table and a.attnum = f.attnum;

    update orchestrator.collections c
    set filter_target_key = coalesce(c.options -> 'filterTargetKey', orchestrator.table_key(v_table)),
        seen_columns = orchestrator.table_columns(v_table),
        updated_at = now()
    where c.name = p_collection;

    perform orchestrator.refresh_associations(p_collection);
    for v_neighbour in select n.name from orchestrator.neighbours(v_table) n where n.name <> p_collection loop
        perform orchestrator.refresh_associations(v_neighbour);
    end loop;
    delete from orchestrator.compiled_statements;
end
$$;
comment on function orchestrator.refresh_fields(text) is 'reads the columns and foreign keys of a collection''s table again';
