-- orchestrator.known_columns: what table_columns() said when the collection was last looked at.
create or replace function orchestrator.known_columns(p_collection text)
    returns jsonb
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select c.seen_columns from orchestrator.collections c where c.name = p_collection
$$;
comment on function orchestrator.known_columns(text) is 'columns and constraints of a collection''s table when they were last read';
