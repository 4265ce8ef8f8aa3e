-- orchestrator.take_history: ends a statement; called by the generated triggers after it.
-- The engine writes the history, unless it is one plain run: that is handed out for record_run. Null: nothing is left.
create or replace function orchestrator.take_history(p_plan bigint)
    returns text[]
    language plpython3u volatile security invoker
as $$
h = GD.get("orchestrator") or plpy.execute("select orchestrator.load_engine()") and GD["orchestrator"]
return h.take(p_plan)
$$;
comment on function orchestrator.take_history(bigint) is 'ends the frame of a statement';
