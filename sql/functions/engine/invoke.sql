-- orchestrator.invoke: calls a function of the package; the envelope it returns is opened by orchestrator.result().
create or replace function orchestrator.invoke(p_target text, variadic p_args text[] default '{}')
    returns text
    language plpython3u volatile security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
h = GD.get("orchestrator") or plpy.execute("select orchestrator.load_engine()") and GD["orchestrator"]
return h.call(p_target, p_args)
$$;
comment on function orchestrator.invoke(text, text[]) is 'calls package.module:function with the host and text arguments; for owners of the schema alone';
