-- orchestrator.statement: the statement compiled for a shape, null when there is none yet.
create or replace function orchestrator.statement(p_shape text)
    returns jsonb
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select s.statement from orchestrator.compiled_statements s where s.shape = p_shape
$$;
comment on function orchestrator.statement(text) is 'the statement compiled for a shape, or null';
