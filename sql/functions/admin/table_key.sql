-- orchestrator.table_key: what addresses a row: the primary key's column, the list of its columns, else a unique column.
-- A view that PostgreSQL can write through has the key of its table, as long as it shows it under the same names.
create or replace function orchestrator.table_key(p_table oid)
    returns jsonb
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    with base as (
        select distinct d.refobjid as table_oid
        from pg_rewrite r
        join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
        where r.ev_class = p_table and d.refobjid <> p_table and d.deptype = 'n'
    )
    (select case when i.indnkeyatts = 1 then k.names -> 0 else k.names end
    from pg_index i
    cross join lateral (
        select jsonb_agg(a.attname order by c.position) as names, bool_and(a.attnotnull) as not_null
        from unnest(i.indkey[:i.indnkeyatts - 1]) with ordinality as c (attnum, position)
        join pg_attribute a on a.attrelid = p_table and a.attnum = c.attnum
    ) k
    where i.indrelid = p_table and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
        and (i.indisprimary or (i.indnkeyatts = 1 and k.not_null))
    order by i.indisprimary desc, i.indexrelid
    limit 1)
    union all
    select k.key
    from pg_class v
    cross join lateral (select min(base.table_oid) as table_oid from base having count(*) = 1) single
    cross join lateral (select orchestrator.table_key(single.table_oid) as key) k
    where v.oid = p_table and v.relkind = 'v' and pg_relation_is_updatable(p_table::regclass, false) <> 0
        and not exists (
            select from jsonb_array_elements_text(case jsonb_typeof(k.key) when 'array' then k.key else jsonb_build_array(k.key) end) n
            where not exists (
                select from pg_attribute a where a.attrelid = p_table and a.attname = n and not a.attisdropped
            )
        )
    limit 1
$$;
comment on function orchestrator.table_key(oid) is 'column name, list of column names, or null';
