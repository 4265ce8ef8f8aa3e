-- orchestrator.invoke_queue(text, text[]): calls an entry point of the queue in the package; result() opens the envelope.
-- The runner may call it, so it reaches these functions and nothing else.
create or replace function orchestrator.invoke_queue(p_function text, variadic p_args text[]) returns text
language plpython3u volatile security invoker
set search_path = pg_catalog, orchestrator, pg_temp
as $$
h = GD.get("orchestrator") or plpy.execute("select orchestrator.load_engine()") and GD["orchestrator"]
modules = {"queue": ("run_executions", "run_execution"), "manual": ("run", "run_version", "resume", "rerun", "test_node")}
(module,) = (name for name, functions in modules.items() if p_function in functions)
return h.call(f"orchestrator.engine.{module}:{p_function}", p_args)
$$;
comment on function orchestrator.invoke_queue(text, text[]) is 'calls the package for run_executions(), run(), resume() and the like; internal';
