-- orchestrator.hooks_exist: whether the functions behind a collection's triggers are there.
create or replace function orchestrator.hooks_exist(p_collection text)
    returns boolean
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select count(*) = 11
    from unnest(array[
        'guard_insert', 'guard_update', 'guard_delete', 'few_guard_insert', 'few_guard_update', 'few_guard_delete', 'before_insert', 'before_update', 'before_delete',
        'close', 'truncate'
    ]) as f (suffix)
    join pg_catalog.pg_proc p
        on p.proname = orchestrator.hook_name(p_collection, f.suffix)
        and p.pronamespace = 'orchestrator_hooks'::regnamespace
$$;
comment on function orchestrator.hooks_exist(text) is 'true when every generated function of a collection exists';
