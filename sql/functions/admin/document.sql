-- orchestrator.document: the current version of a workflow as a document that define() takes
create or replace function orchestrator.document(key text)
returns jsonb
language sql
stable
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select orchestrator.result(orchestrator.invoke('orchestrator.compiler.document:document', $1))::jsonb
$$;
comment on function orchestrator.document(text) is 'the current version as a document; define(document(key)) changes nothing';
