-- orchestrator.read_environment: brings what $env shows into this backend's engine, and returns none of it.
-- Node code runs as the same role that asks here, and so do triggers of the tables it writes: whatever SQL could read,
-- they could.
create or replace function orchestrator.read_environment()
    returns void
    language plpython3u volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
h = GD.get("orchestrator") or plpy.execute("select orchestrator.load_engine()") and GD["orchestrator"]
h.keep_environment({row["name"]: row["value"] for row in plpy.execute("select name, value from orchestrator.environment")})
$$;
comment on function orchestrator.read_environment() is 'hands environment values and secrets to the engine, to nobody else';
