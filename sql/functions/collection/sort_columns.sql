-- orchestrator.sort_columns: columns of a table that hold positions, and those that positions are counted by.
create or replace function orchestrator.sort_columns(p_table oid)
    returns text[]
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select array(
        select place
        from orchestrator.fields f
        join orchestrator.collections c on c.name = f.collection_name
        cross join lateral unnest(array[f.name, coalesce(f.options ->> 'scopeKey', f.definition ->> 'scopeKey')]) as place
        where c.table_oid = p_table and f.type = 'sort' and place is not null
    )
$$;
comment on function orchestrator.sort_columns(oid) is 'columns that change when rows are moved about';
