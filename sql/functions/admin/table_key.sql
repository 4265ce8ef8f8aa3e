-- orchestrator.table_key: what addresses a row: the primary key's column, the list of its columns, else a unique column.
create or replace function orchestrator.table_key(p_table oid)
    returns jsonb
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select case when i.indnkeyatts = 1 then k.names -> 0 else k.names end
    from pg_index i
    cross join lateral (
        select jsonb_agg(a.attname order by c.position) as names, bool_and(a.attnotnull) as not_null
        from unnest(i.indkey[:i.indnkeyatts - 1]) with ordinality as c (attnum, position)
        join pg_attribute a on a.attrelid = p_table and a.attnum = c.attnum
    ) k
    where i.indrelid = p_table and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
        and (i.indisprimary or (i.indnkeyatts = 1 and k.not_null))
    order by i.indisprimary desc, i.indexrelid
    limit 1
$$;
comment on function orchestrator.table_key(oid) is 'column name, list of column names, or null';
