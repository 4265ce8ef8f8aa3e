-- orchestrator.collection_of: the collection that a configuration is about, without the data source main
create or replace function orchestrator.collection_of(p_config jsonb)
returns text
language sql
immutable
security invoker
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select nullif(regexp_replace(p_config ->> 'collection', '^main:', ''), '')
$$;
comment on function orchestrator.collection_of(jsonb) is 'collection of a trigger''s or node''s configuration, null when there is none';
