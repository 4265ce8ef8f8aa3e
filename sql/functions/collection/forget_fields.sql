-- orchestrator.forget_fields: relations and other fields without a column of their own are no more.
create or replace function orchestrator.forget_fields(p_collection text, p_names text[])
    returns void
    language sql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    delete from orchestrator.fields f
    where f.collection_name = p_collection and f.name = any (p_names) and f.attnum is null
$$;
comment on function orchestrator.forget_fields(text, text[]) is 'deletes fields that are no columns';
