-- orchestrator.load_engine: brings the Python package into this backend; every shim calls it once a session.
-- The path is the one that the installation recorded, so that the server needs no PYTHONPATH.
create or replace function orchestrator.load_engine()
    returns boolean
    language plpython3u volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
import sys
rows = plpy.execute("select package_path, version from orchestrator.installation")
row = rows[0] if rows else plpy.error('schema "orchestrator" was restored without its data', sqlstate="WF505")
if row["package_path"] not in sys.path:
    sys.path.insert(0, row["package_path"])
from orchestrator.hosts.loading import load_host
GD["orchestrator"] = load_host(plpy, row["version"])
return True
$$;
comment on function orchestrator.load_engine() is 'imports the engine into this backend and checks that its version is the schema''s';
