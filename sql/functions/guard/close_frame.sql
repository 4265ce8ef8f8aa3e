-- orchestrator.close_frame: the statement is over, its history is written; called by generated triggers.
create or replace function orchestrator.close_frame(p_plan bigint)
    returns void
    language plpython3u volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
h = GD.get("orchestrator") or plpy.execute("select orchestrator.load_engine()") and GD["orchestrator"]
h.close(p_plan)
$$;
comment on function orchestrator.close_frame(bigint) is 'writes the history that a statement''s guards collected';
alter function orchestrator.close_frame(bigint) owner to orchestrator_runner;
