-- orchestrator.closes: whether statements on a table, partition or inheritance child are ended by a collection's function.
create or replace function orchestrator.closes(p_table oid, p_collection text)
    returns boolean
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select exists (
        select
        from pg_catalog.pg_trigger t
        join pg_catalog.pg_proc p on p.oid = t.tgfoid and p.pronamespace = 'orchestrator_hooks'::regnamespace
        where t.tgrelid = p_table and t.tgname = 'zz_orchestrator_close' and p.proname = orchestrator.hook_name(p_collection, 'close')
    )
$$;
comment on function orchestrator.closes(oid, text) is 'whether a table has the trigger that ends statements';
