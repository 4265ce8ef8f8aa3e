-- orchestrator.catalog: everything that reading and writing managed tables needs to know of them, as one document.
create or replace function orchestrator.catalog()
    returns jsonb
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select jsonb_build_object(
        'revision', orchestrator.catalog_revision(),
        'collections', coalesce(jsonb_agg(jsonb_build_object(
            'name', c.name,
            'schema', n.nspname,
            'table', t.relname,
            'oid', c.table_oid::oid::bigint,
            'filterTargetKey', c.filter_target_key,
            'title', c.title,
            'options', c.options,
            'virtual', f.virtual,
            'fields', coalesce(f.columns, '[]'),
            'associations', coalesce(f.associations, '[]')
        ) order by c.name), '[]')
    )
    from orchestrator.collections c
    join pg_class t on t.oid = c.table_oid
    join pg_namespace n on n.oid = t.relnamespace
    left join lateral (
        select
            jsonb_agg(
                jsonb_build_object('name', f.name, 'type', f.type) || (f.options - array['uiSchema'])
                -- a key that was made with the collection is called like that by everybody
                || case when c.created and f.name = 'id' and not f.options ? 'title' then '{"title": "ID"}' else '{}' end::jsonb
                order by f.sort, f.attnum
            ) filter (where f.attnum is not null) as columns,
            jsonb_agg(
                jsonb_build_object('name', f.name, 'type', f.type) || (f.options - array['uiSchema', 'title', 'constraint'])
                order by f.sort, f.name
            ) filter (where f.type in ('belongsTo', 'hasOne', 'hasMany', 'belongsToMany', 'belongsToArray')) as associations,
            jsonb_agg(f.name order by f.sort, f.name) filter (where f.type = 'virtual' and f.attnum is null) as virtual
        from orchestrator.fields f
        where f.collection_name = c.name
    ) f on true
$$;
comment on function orchestrator.catalog() is 'collections with their fields and relations, and the revision of it all';
