-- orchestrator.define: creates a workflow from a document, or brings its current version to what the document says
-- A version that was executed gets a successor; one that never was is changed in place. Takes the publishers' lock first.
create or replace function orchestrator.define(document jsonb)
returns bigint
language sql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select orchestrator.result(orchestrator.invoke('orchestrator.compiler.document:define', $1::text))::bigint
$$;
comment on function orchestrator.define(jsonb) is 'creates or revises a workflow from its document and publishes it; returns the id of the current version; the same document again changes nothing';
