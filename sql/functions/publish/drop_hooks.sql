-- orchestrator.drop_hooks: drops the generated functions of a collection.
create or replace function orchestrator.drop_hooks(p_collection text)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_function regprocedure;
begin
    for v_function in
        select p.oid::regprocedure
        from pg_catalog.pg_proc p
        join unnest(array[
            'guard_insert', 'guard_update', 'guard_delete', 'few_guard_insert', 'few_guard_update', 'few_guard_delete', 'before_insert', 'before_update', 'before_delete',
            'judge_insert', 'judge_update', 'judge_delete', 'after_insert', 'after_update', 'after_delete', 'close', 'take', 'truncate'
        ]) as f (suffix) on p.proname = orchestrator.hook_name(p_collection, f.suffix)
        where p.pronamespace = 'orchestrator_hooks'::regnamespace
    loop
        execute format('drop function %s', v_function);
    end loop;
end
$$;
comment on function orchestrator.drop_hooks(text) is 'drops the functions that publishing wrote for a collection';
