-- orchestrator.publishing: what publishing needs to know of one collection. Reads catalogs and our own tables only.
create or replace function orchestrator.publishing(p_collection text)
    returns jsonb
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    with recent (plan, hooks) as (
        select p.plan, p.hooks
        from orchestrator.plans p
        join orchestrator.collections c on c.table_oid = p.table_oid
        where c.name = p_collection
            -- a change of the table waited for every statement on it
            and p.created_at >= c.updated_at
            and p.id >= (
                select coalesce(max(o.id), 0)
                from orchestrator.plans o
                where o.table_oid = c.table_oid and o.created_at < now() - interval '5 minutes'
            )
    )
    select jsonb_build_object(
        'collection', c.name,
        'key', c.filter_target_key,
        'gone', to_jsonb(c.gone_columns),
        'fields', (
            select coalesce(jsonb_agg(
                jsonb_build_object('name', f.name, 'type', f.type, 'attnum', f.attnum) || (f.options - 'uiSchema')
                order by f.sort, f.attnum, f.name
            ), '[]')
            from orchestrator.fields f
            where f.collection_name = c.name
        ),
        -- a running statement may have begun on another plan: it gets its rows, and is closed, by the next one's functions
        'recentlyPassed', (
            select coalesce(jsonb_agg(distinct k.value -> 'name'), '[]')
            from recent r
            cross join jsonb_array_elements(r.plan -> 'columns') as k (value)
        ),
        -- what its native guard let through, the plan it began on has to judge
        'recentGuards', (
            select coalesce(jsonb_agg(distinct jsonb_build_array(g.event, g.value -> 'own')), '[]')
            from recent r
            cross join jsonb_each(r.hooks -> 'guards') as g (event, value)
        ),
        'recentlyClosed', (select coalesce(bool_or((r.plan -> 'closes')::boolean), false) from recent r),
        -- events in which a foreign key of this table follows a change of the table it refers to
        'cascades', (
            select coalesce(jsonb_agg(distinct e.event), '[]')
            from pg_catalog.pg_constraint k
            cross join lateral (
                select case k.confdeltype when 'c' then 'delete' when 'n' then 'update' when 'd' then 'update' end
                union all
                select case when k.confupdtype in ('c', 'n', 'd') then 'update' end
            ) as e (event)
            where k.conrelid = c.table_oid and k.contype = 'f' and e.event is not null
        ),
        'workflows', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'id', w.id, 'key', w.key, 'title', w.title, 'type', w.type, 'sync', w.sync,
                'config', w.config, 'options', w.options
            ) order by w.id), '[]')
            from orchestrator.workflows w
            where w.enabled and orchestrator.collection_of(w.config) = c.name
        ),
        -- a local after-workflow of a collection that this one refers to may be bound to a write here
        'reachable', exists (
            with recursive target (name) as (
                select f.options ->> 'target'
                from orchestrator.fields f
                where f.collection_name = c.name and f.type in ('belongsTo', 'hasOne')
                union
                select f.options ->> 'target'
                from target t
                join orchestrator.fields f on f.collection_name = t.name and f.type in ('belongsTo', 'hasOne')
            )
            select
            from target t
            join orchestrator.workflows w on orchestrator.collection_of(w.config) = t.name
            where w.enabled and w.type = 'action' and not coalesce((w.config -> 'global')::boolean, false)
        )
    )
    from orchestrator.collections c
    where c.name = p_collection
$$;
comment on function orchestrator.publishing(text) is 'columns, key, enabled workflows and cascades of a collection, for publishing';
