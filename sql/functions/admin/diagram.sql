-- orchestrator.diagram: the graph of a workflow's current version, as a tree for terminals or as Mermaid
create or replace function orchestrator.diagram(key text, format text default 'text')
returns text
language plpython3u
stable
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
h = GD.get("orchestrator") or plpy.execute("select orchestrator.load_engine()") and GD["orchestrator"]
return h.call("orchestrator.compiler.document:diagram", key, format)
$$;
comment on function orchestrator.diagram(text, text) is 'the graph as text, a tree that reads well in a terminal; format mermaid for Mermaid';
