-- orchestrator.file_collection: puts a collection under these categories and no others.
create or replace function orchestrator.file_collection(p_collection text, p_categories jsonb)
    returns void
    language sql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    with wanted (id) as (
        select distinct w.id::bigint from jsonb_array_elements_text(p_categories) as w (id)
    ),
    gone as (
        delete from orchestrator.collection_category_relations r
        where r.collection_name = p_collection and r.category_id not in (select w.id from wanted w)
    )
    insert into orchestrator.collection_category_relations (collection_name, category_id)
    select p_collection, w.id from wanted w
    on conflict do nothing
$$;
comment on function orchestrator.file_collection(text, jsonb) is 'sets the categories of a collection';
