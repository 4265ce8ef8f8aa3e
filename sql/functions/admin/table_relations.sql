-- orchestrator.table_relations: what the foreign keys of the database say about a managed table, with the names a
-- relation may take, the best first: the column without its id suffix, or the collection on the other side.
-- Foreign keys of relations that were declared through the API end in "_declared": these say what they are themselves.
create or replace function orchestrator.table_relations(p_table oid)
    returns table (origin text, type text, interface text, names text[], options jsonb)
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    with links as (
        select
            k.conname,
            source.name as source,
            source.key as source_key,
            k.conrelid as source_oid,
            a.attname::text as foreign_key,
            target.name as target,
            k.confrelid as target_oid,
            b.attname::text as target_key,
            nullif(regexp_replace(a.attname, '(_id|_ID|Id|ID)$', ''), a.attname) as stem,
            case k.confdeltype when 'c' then 'CASCADE' when 'n' then 'SET NULL' when 'r' then 'RESTRICT' else 'NO ACTION' end as on_delete,
            exists (
                select from pg_index i
                where i.indrelid = k.conrelid and i.indisunique and i.indpred is null
                    and i.indnkeyatts = 1 and i.indkey[0] = k.conkey[1]
            ) as is_unique
        from pg_constraint k
        join orchestrator.collections source on source.table_oid = k.conrelid
        join orchestrator.collections target on target.table_oid = k.confrelid
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
        join pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[1]
        where k.contype = 'f' and k.conparentid = 0 and cardinality(k.conkey) = 1 and k.conname not like '%\_declared'
    ),
    -- a pair of links whose two columns are the key of their table, or unique together
    pairs as (
        select near.*, far.conname as far_name, far.foreign_key as other_key, far.target as far_target,
            far.target_key as far_key, far.stem as far_stem
        from links near
        join links far on far.source_oid = near.source_oid and far.conname <> near.conname
        where exists (
            select from pg_index i
            where i.indrelid = near.source_oid and i.indisunique and i.indpred is null and i.indnkeyatts = 2
                and (
                    select array_agg(a.attname::text order by a.attname)
                    from pg_attribute a
                    where a.attrelid = i.indrelid and a.attnum in (i.indkey[0], i.indkey[1])
                ) = (select array_agg(n order by n collate "C") from unnest(array[near.foreign_key, far.foreign_key]) n)
        )
    ),
    relations as (
        select
            1 as rank,
            format('%s.%s', source_key, conname) as origin,
            'belongsTo' as type,
            'm2o' as interface,
            array[stem, target, target || '_' || foreign_key] as names,
            jsonb_build_object('target', target, 'foreignKey', foreign_key, 'targetKey', target_key, 'onDelete', on_delete) as options
        from links
        where source_oid = p_table
        union all
        select
            2,
            format('%s.%s:many', source_key, conname),
            case when is_unique then 'hasOne' else 'hasMany' end,
            case when is_unique then 'oho' else 'o2m' end,
            array[source, source || '_' || foreign_key],
            jsonb_build_object('target', source, 'foreignKey', foreign_key, 'sourceKey', target_key, 'onDelete', on_delete)
        from links
        where target_oid = p_table
        union all
        select
            3,
            format('%s.%s:%s', source_key, conname, far_name),
            'belongsToMany',
            'm2m',
            case
                when target = far_target then array[far_stem, far_target || '_' || other_key]
                else array[far_target, far_target || '_' || source, far_target || '_' || other_key]
            end,
            jsonb_build_object(
                'target', far_target, 'through', source, 'foreignKey', foreign_key, 'otherKey', other_key,
                'sourceKey', target_key, 'targetKey', far_key
            )
        from pairs
        where target_oid = p_table
    )
    select origin, type, interface, array_remove(names, null), options
    from relations
    order by rank, origin
$$;
comment on function orchestrator.table_relations(oid) is 'relations of a managed table as its foreign keys say';
