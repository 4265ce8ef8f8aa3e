-- orchestrator.table_key: what addresses a row: the primary key's column, the list of its columns, else a unique column.
-- A view that PostgreSQL can write through has the key of its table, as long as it shows it under the same names.
create or replace function orchestrator.table_key(p_table oid)
    returns jsonb
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    with own as (
        select case when i.indnkeyatts = 1 then k.names -> 0 else k.names end as key
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
    ),
    -- the one table that a view reads
    base as (
        select min(d.refobjid) as table_oid
        from pg_class v
        join pg_rewrite r on r.ev_class = v.oid
        join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
        where v.oid = p_table and v.relkind = 'v' and d.refobjid <> v.oid and d.deptype = 'n'
            and pg_relation_is_updatable(v.oid::regclass, false) <> 0
        having count(distinct d.refobjid) = 1
    ),
    inherited as (
        select k.key, case jsonb_typeof(k.key) when 'array' then k.key else jsonb_build_array(k.key) end as names
        from base
        cross join lateral (select orchestrator.table_key(base.table_oid) as key) k
    )
    select own.key from own
    union all
    select inherited.key
    from inherited
    where not exists (
        select from jsonb_array_elements_text(inherited.names) n (name)
        where not exists (
            select from pg_attribute a where a.attrelid = p_table and a.attname = n.name and not a.attisdropped
        )
    )
    limit 1
$$;
comment on function orchestrator.table_key(oid) is 'column name, list of column names, or null';
