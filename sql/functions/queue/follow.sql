-- orchestrator.follow: hands the rows of a statement to the engine, which runs and queues what follows them.
create or replace function orchestrator.follow(p_plan bigint, p_event text, p_rows text)
    returns text
    language plpython3u volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
    set row_security = off
as $$
h = GD.get("orchestrator") or plpy.execute("select orchestrator.load_engine()") and GD["orchestrator"]
return h.follow(p_plan, p_event, p_rows)
$$;
comment on function orchestrator.follow(bigint, text, text) is 'runs and queues the after-workflows of a statement''s rows';
alter function orchestrator.follow(bigint, text, text) owner to orchestrator_runner;
