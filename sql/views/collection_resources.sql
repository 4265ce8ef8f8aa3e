-- Collections and fields as the HTTP API reads them (api/system.py); "document" is what a client gets.

create or replace view orchestrator.api_collections as
    select
        c.name,
        c.key,
        c.title,
        coalesce(c.options -> 'hidden' = 'true', false) as hidden,
        coalesce(c.options -> 'inherit' = 'true', false) as inherit,
        c.options ->> 'description' as description,
        row_number() over (order by c.sort, c.name) as sort,
        c.options,
        jsonb_build_object(
            'key', c.key, 'name', c.name, 'title', c.title, 'inherit', false, 'hidden', false, 'description', null
        ) || case when c.created then '{}' else jsonb_build_object(
            'from', 'dbsync', 'autoGenId', false, 'timestamps', false, 'underscored', false, 'tableName', t.relname
        ) end || c.options || jsonb_build_object(
            'filterTargetKey', c.filter_target_key, 'unavailableActions', jsonb_build_array()
        ) as document
    from orchestrator.collections c
    join pg_catalog.pg_class t on t.oid = c.table_oid;
comment on view orchestrator.api_collections is 'resource collections of the HTTP API';

create or replace view orchestrator.api_fields as
    select
        f.key,
        f.name,
        f.type,
        f.interface,
        f.collection_name as "collectionName",
        f.definition ->> 'description' as description,
        f.sort,
        f.options,
        jsonb_build_object(
            'key', f.key, 'name', f.name, 'type', f.type, 'interface', f.interface,
            'collectionName', f.collection_name, 'description', null, 'parentKey', null, 'reverseKey', null
        ) || coalesce(
            f.definition,
            f.options - array['operators', 'array', 'hasDefault', 'generated', 'identity', 'constraint', 'behaviour']
                || case when f.attnum is null then '{}' else jsonb_build_object('field', f.name) end
        ) as document
    from orchestrator.fields f
    -- columns that nobody asked to see: of relations, of options of their collection
    where not f.options ? 'implicit';
comment on view orchestrator.api_fields is 'resource fields of the HTTP API';

create or replace view orchestrator.api_collection_categories as
    select
        c.id,
        c.name,
        c.color,
        c.sort,
        c.created_at as "createdAt",
        c.updated_at as "updatedAt"
    from orchestrator.collection_categories c;
comment on view orchestrator.api_collection_categories is 'resource collectionCategories of the HTTP API';

create or replace view orchestrator.api_collection_category_relations as
    select
        r.collection_name as "collectionName",
        r.category_id as "categoryId"
    from orchestrator.collection_category_relations r;
comment on view orchestrator.api_collection_category_relations is 'the join table of collections and categories for the HTTP API';
