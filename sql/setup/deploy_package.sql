-- pg_temp.orchestrator_deploy: unpacks the Python package where the server's user may write, and compiles it.
-- The rename makes a directory of that name complete whenever it exists.
create or replace function pg_temp.orchestrator_deploy(p_target text, p_archive bytea) returns void
language plpython3u volatile set search_path = pg_catalog, pg_temp as $$
import compileall, io, os, zipfile
staging = f"{p_target}.{os.getpid()}"
if not os.path.isdir(p_target):
    zipfile.ZipFile(io.BytesIO(p_archive)).extractall(staging)
    compileall.compile_dir(staging, ddir=p_target, quiet=1)
    os.rename(staging, p_target)
$$;
