-- orchestrator.table_columns: a table's name, columns and keys as one value, to see whether anything changed.
create or replace function orchestrator.table_columns(p_table oid)
    returns jsonb
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select jsonb_build_object(
        'name', (
            select jsonb_build_array(n.nspname, r.relname)
            from pg_catalog.pg_class r join pg_catalog.pg_namespace n on n.oid = r.relnamespace
            where r.oid = p_table
        ),
        'columns', (
            select jsonb_agg(jsonb_build_array(
                a.attnum, a.attname, a.atttypid::bigint, t.pg_type, t.operators, a.attnotnull, a.atthasdef or a.attidentity <> '', a.attgenerated
            ) order by a.attnum)
            from pg_catalog.pg_attribute a
            cross join lateral orchestrator.field_type(a.atttypid) t
            where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped
        ),
        'constraints', (
            select jsonb_agg(jsonb_build_array(k.oid::bigint, k.conkey, k.confrelid::bigint, k.confdeltype, k.confupdtype) order by k.oid)
            from pg_catalog.pg_constraint k
            where (k.conrelid = p_table or k.confrelid = p_table) and k.contype in ('f', 'p', 'u') and k.conparentid = 0
        )
    )
$$;
comment on function orchestrator.table_columns(oid) is 'name, columns and constraints of a table, comparable';
