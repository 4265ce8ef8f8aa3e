-- orchestrator.collection_states: collections as changing them needs to know them, by name, with those of our own tables
-- that a relation may lead to.
create or replace function orchestrator.collection_states()
    returns jsonb
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    with known (name, table_oid, key, created) as (
        select c.name, c.table_oid::oid, c.filter_target_key, c.created from orchestrator.collections c
        union all
        select s.name, s.table_oid::oid, to_jsonb(s.key), null
        from (values
            ('users', 'orchestrator.users'::regclass, 'id'),
            ('roles', 'orchestrator.roles'::regclass, 'name')
        ) as s (name, table_oid, key)
        where not exists (select from orchestrator.collections c where c.name = s.name)
    )
    select jsonb_object_agg(k.name, jsonb_build_object(
        'schema', n.nspname,
        'table', t.relname,
        'key', k.key,
        -- null: a table of our own
        'created', k.created,
        'columns', (
            select jsonb_object_agg(a.attname, jsonb_build_object('type', f.pg_type, 'notNull', a.attnotnull))
            from pg_attribute a
            cross join lateral orchestrator.field_type(a.atttypid) f
            where a.attrelid = k.table_oid and a.attnum > 0 and not a.attisdropped
        ),
        'keys', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'name', c.conname, 'column', a.attname, 'target', target.name, 'targetColumn', b.attname,
                'onDelete', case c.confdeltype
                    when 'c' then 'CASCADE' when 'n' then 'SET NULL' when 'r' then 'RESTRICT' when 'd' then 'SET DEFAULT' else 'NO ACTION'
                end
            )), '[]')
            from pg_constraint c
            join known target on target.table_oid = c.confrelid
            join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
            join pg_attribute b on b.attrelid = c.confrelid and b.attnum = c.confkey[1]
            where c.conrelid = k.table_oid and c.contype = 'f' and cardinality(c.conkey) = 1
        ),
        'unique', (
            select coalesce(jsonb_agg(jsonb_build_object('name', c.conname, 'column', a.attname)), '[]')
            from pg_constraint c
            join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
            where c.conrelid = k.table_oid and c.contype = 'u' and cardinality(c.conkey) = 1
        ),
        'indexed', (
            select coalesce(jsonb_agg(distinct a.attname), '[]')
            from pg_index i
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
            where i.indrelid = k.table_oid and i.indpred is null
        ),
        'fields', (
            select coalesce(jsonb_object_agg(f.name, jsonb_build_object(
                'key', f.key, 'type', f.type, 'interface', f.interface, 'sort', f.sort,
                'column', f.attnum is not null, 'options', f.options, 'definition', f.definition
            )), '{}')
            from orchestrator.fields f
            where f.collection_name = k.name
        )
    ))
    from known k
    join pg_class t on t.oid = k.table_oid
    join pg_namespace n on n.oid = t.relnamespace
$$;
comment on function orchestrator.collection_states() is 'tables, columns, keys and fields of every collection, by name';
