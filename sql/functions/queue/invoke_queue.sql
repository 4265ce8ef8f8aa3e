-- orchestrator.invoke_queue(text, text[]): calls an entry point of the queue in the package; result() opens the envelope.
-- The runner may call it, so it reaches these four functions and nothing else.
create or replace function orchestrator.invoke_queue(p_function text, variadic p_args text[]) returns text
language plpython3u volatile security invoker
set search_path = pg_catalog, orchestrator, pg_temp
as $$
h = GD.get("orchestrator") or plpy.execute("select orchestrator.load_engine()") and GD["orchestrator"]
module = {"run_executions": "queue", "run_execution": "queue", "run": "manual", "resume": "manual"}[p_function]
return h.call(f"orchestrator.engine.{module}:{p_function}", p_args)
$$;
comment on function orchestrator.invoke_queue(text, text[]) is 'calls the package for run_executions(), run_execution(), run() and resume(); internal';
