-- orchestrator.diagram: the graph of a workflow's current version, as a tree for terminals or as Mermaid
create or replace function orchestrator.diagram(key text, format text default 'text')
returns text
language sql
stable
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select orchestrator.result(orchestrator.invoke('orchestrator.compiler.document:diagram', $1, $2))
$$;
comment on function orchestrator.diagram(text, text) is 'the graph as text, a tree that reads well in a terminal; format mermaid for Mermaid';
