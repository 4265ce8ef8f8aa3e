-- orchestrator.write_close: the function that runs after each statement; it does nothing where no history is kept.
create or replace function orchestrator.write_close(p_collection text, p_plan bigint, p_closes boolean)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_name text := orchestrator.hook_name(p_collection, 'close');
begin
    execute format(
        'create or replace function orchestrator_hooks.%I() returns trigger language plpgsql volatile %s as $close$ begin %s return null; end $close$',
        v_name,
        -- nothing to do needs no rights, and costs a microsecond less
        case when p_closes then 'security definer' else 'security invoker' end,
        case when p_closes then format('perform orchestrator.close_frame(%s);', p_plan) else '' end
    );
    execute format('revoke execute on function orchestrator_hooks.%I from public', v_name);
    execute format('alter function orchestrator_hooks.%I owner to orchestrator_runner', v_name);
    execute format('comment on function orchestrator_hooks.%I is %L', v_name, 'ends a statement on ' || p_collection);
end
$$;
comment on function orchestrator.write_close(text, bigint, boolean) is 'writes the after-statement function of a collection';
