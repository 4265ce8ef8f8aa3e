-- orchestrator.arrange_collections: shows collections in the order of these names.
create or replace function orchestrator.arrange_collections(p_names jsonb)
    returns void
    language sql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    update orchestrator.collections c
    set sort = n.position
    from jsonb_array_elements_text(p_names) with ordinality as n (name, position)
    where c.name = n.name and c.sort <> n.position
$$;
comment on function orchestrator.arrange_collections(jsonb) is 'stores the order in which collections are shown';
