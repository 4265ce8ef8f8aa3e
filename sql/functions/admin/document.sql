-- orchestrator.document: the current version of a workflow as a document that define() takes
create or replace function orchestrator.document(key text)
returns jsonb
language plpython3u
stable
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
h = GD.get("orchestrator") or plpy.execute("select orchestrator.load_engine()") and GD["orchestrator"]
return h.call("orchestrator.compiler.document:document", key)
$$;
comment on function orchestrator.document(text) is 'the current version as a document; define(document(key)) changes nothing';
