-- orchestrator.tables_to_load: tables and views that could become collections and are none: those of the schema public that
-- are no extension's.
create or replace function orchestrator.tables_to_load()
    returns table (name text)
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select t.relname
    from pg_class t
    where t.relnamespace = to_regnamespace('public') and t.relkind in ('r', 'p', 'v', 'f') and not t.relispartition
        and not exists (select from orchestrator.collections c where c.table_oid = t.oid or c.name = t.relname)
        and not exists (
            select from pg_depend d
            where d.classid = 'pg_class'::regclass and d.objid = t.oid and d.deptype = 'e'
        )
    order by t.relname
$$;
comment on function orchestrator.tables_to_load() is 'tables of the schema public that are no collections yet';
