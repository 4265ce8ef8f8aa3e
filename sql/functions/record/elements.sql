-- orchestrator.elements: PostgreSQL's json_array_elements() for text, which is checked while it is taken apart; as json it would be
-- read twice.
create or replace function orchestrator.elements(text) returns setof json
language internal immutable strict
rows 1000
set search_path = pg_catalog, orchestrator, pg_temp
as 'json_array_elements';
comment on function orchestrator.elements(text) is 'the elements of a JSON array; internal';
