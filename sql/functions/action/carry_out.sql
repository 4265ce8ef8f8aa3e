-- orchestrator.carry_out: a request in the engine: its answer (HTTP status, a blank, the body) with the one execution that
-- is left to write, or the verdict that act() raises. Several executions the engine writes by itself.
create or replace function orchestrator.carry_out(
    p_request text, p_collection text, p_plan bigint, p_revision bigint,
    p_user text, p_role_name text, p_db_user text, p_trigger_workflows text, p_roles text[]
)
    returns orchestrator.outcome
    language plpython3u volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
h = GD.get("orchestrator") or plpy.execute("select orchestrator.load_engine()") and GD["orchestrator"]
return h.act(*args)
$$;
comment on function orchestrator.carry_out(text, text, bigint, bigint, text, text, text, text, text[]) is 'an HTTP action in the engine; called by act() alone';
alter function orchestrator.carry_out(text, text, bigint, bigint, text, text, text, text, text[]) owner to orchestrator_runner;
