-- orchestrator.pair_fields: the two sides of a relation that were declared together know each other's keys.
create or replace function orchestrator.pair_fields(p_collection text, p_field text, p_other_collection text, p_other_field text)
    returns void
    language sql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    update orchestrator.fields f
    set definition = coalesce(f.definition, '{}') || jsonb_build_object('reverseKey', o.key)
    from orchestrator.fields o
    where ((f.collection_name, f.name) = (p_collection, p_field) and (o.collection_name, o.name) = (p_other_collection, p_other_field))
        or ((f.collection_name, f.name) = (p_other_collection, p_other_field) and (o.collection_name, o.name) = (p_collection, p_field))
$$;
comment on function orchestrator.pair_fields(text, text, text, text) is 'stores reverseKey of two relations';
