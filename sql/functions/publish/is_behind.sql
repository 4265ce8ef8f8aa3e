-- orchestrator.is_behind: whether a command changed anything that keep_up() has to follow. Our own ALTER TABLE and CREATE
-- TRIGGER ask the same question, and end there.
create or replace function orchestrator.is_behind(p_collections text[])
    returns boolean
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select exists (
        select
        from orchestrator.collections c
        cross join lateral orchestrator.table_family(c.table_oid) f
        join pg_catalog.pg_class r on r.oid = f.relid and r.relkind in ('r', 'p', 'f')
        left join lateral (
            select count(*) filter (where t.tgname = 'zz_orchestrator_after_insert') as following,
                count(*) filter (where t.tgenabled = 'O' and c.mode = 'always') as local_only
            from pg_catalog.pg_trigger t
            where t.tgrelid = f.relid and t.tgname like 'zz\_orchestrator\_%'
        ) t on true
        where c.name = any (p_collections) and c.plan_id is not null
            and orchestrator.dispatches(c.table_oid)
            and (
                orchestrator.is_attached(r.oid, c.name) is not true or t.local_only > 0 or (t.following = 0 and orchestrator.follows(c.table_oid))
                -- moved to another schema
                or (r.oid = c.table_oid and not has_schema_privilege('orchestrator_runner', r.relnamespace, 'usage'))
            )
    )
    or exists (
        select
        from orchestrator.collections c
        where c.name = any (p_collections) and c.plan_id is not null
            and orchestrator.table_columns(c.table_oid) is distinct from orchestrator.known_columns(c.name)
    )
$$;
comment on function orchestrator.is_behind(text[]) is 'true when a collection''s table has changed since it was last looked at';
