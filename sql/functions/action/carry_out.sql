-- orchestrator.carry_out: a request in the engine: status and body, or the verdict that act() raises.
create or replace function orchestrator.carry_out(
    p_request text, out status integer, out body text, out verdict text
)
    language plpython3u volatile security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
h = GD.get("orchestrator") or plpy.execute("select orchestrator.load_engine()") and GD["orchestrator"]
return h.act(p_request)
$$;
comment on function orchestrator.carry_out(text) is 'an HTTP action in the engine; called by act() alone';
