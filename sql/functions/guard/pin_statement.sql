-- orchestrator.pin_statement: the running statement stays on the plan that its snapshot sees; called by generated triggers.
create or replace function orchestrator.pin_statement(p_plan bigint, p_snapshot text)
    returns text
    language plpython3u volatile security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
h = GD.get("orchestrator") or plpy.execute("select orchestrator.load_engine()") and GD["orchestrator"]
return h.pin(p_plan, p_snapshot)
$$;
comment on function orchestrator.pin_statement(bigint, text) is 'opens the frame of a statement on the plan that was current when it began; a verdict where it cannot';
