-- orchestrator.write_close: the function that runs after each statement; it does nothing where no history is kept.
-- It is PL/pgSQL and asks the engine through a shim, which writes the history or, where that is one plain run, hands it out
-- to be written here: one call instead of two of SPI, each with a subtransaction.
create or replace function orchestrator.write_close(p_collection text, p_plan bigint, p_closes boolean)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_name text := orchestrator.hook_name(p_collection, 'close');
    v_take text := orchestrator.hook_name(p_collection, 'take');
begin
    if p_closes then
        execute format(
            $template$
create or replace function orchestrator_hooks.%I() returns pg_catalog.text[] language plpython3u volatile security invoker as $take$
h = GD.get("orchestrator") or plpy.execute("select orchestrator.load_engine()") and GD["orchestrator"]
return h.take(%s)
$take$
            $template$,
            v_take, p_plan
        );
        execute format('revoke execute on function orchestrator_hooks.%I from public', v_take);
        execute format('alter function orchestrator_hooks.%I owner to orchestrator_runner', v_take);
        execute format('comment on function orchestrator_hooks.%I is %L', v_take, 'takes the history of a statement on ' || p_collection);
        execute format(
            $template$
create or replace function orchestrator_hooks.%I() returns trigger language plpgsql volatile security definer as $close$
declare
    v_run pg_catalog.text[];
    v_written pg_catalog.bool;
begin
    v_run := orchestrator_hooks.%I();
    if v_run is not null then
        -- assigned and not performed: a plain expression needs no executor
        v_written := orchestrator.record_run(v_run[1]::pg_catalog.int8, v_run[2], v_run[3], v_run[4]);
    end if;
    return null;
end
$close$
            $template$,
            v_name, v_take
        );
    else
        -- nothing to do needs neither rights nor Python
        execute format(
            'create or replace function orchestrator_hooks.%I() returns trigger language plpgsql volatile security invoker as $close$ begin return null; end $close$',
            v_name
        );
    end if;
    execute format('revoke execute on function orchestrator_hooks.%I from public', v_name);
    execute format('alter function orchestrator_hooks.%I owner to orchestrator_runner', v_name);
    execute format('comment on function orchestrator_hooks.%I is %L', v_name, 'ends a statement on ' || p_collection);
end
$$;
comment on function orchestrator.write_close(text, bigint, boolean) is 'writes the after-statement function of a collection';
