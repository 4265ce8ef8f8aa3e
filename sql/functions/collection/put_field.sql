-- orchestrator.put_field: what somebody declared of a field; a column's field is there already, read from its table.
create or replace function orchestrator.put_field(
    p_collection text, p_name text, p_type text, p_interface text, p_sort integer, p_options jsonb, p_definition jsonb
)
    returns void
    language sql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    insert into orchestrator.fields as f (collection_name, name, type, interface, sort, options, definition)
    values (p_collection, p_name, p_type, p_interface, p_sort, p_options, p_definition)
    on conflict (collection_name, name) do update
    set type = excluded.type,
        interface = excluded.interface,
        sort = excluded.sort,
        options = f.options || excluded.options,
        definition = excluded.definition,
        updated_at = now()
$$;
comment on function orchestrator.put_field(text, text, text, text, integer, jsonb, jsonb) is 'stores the declaration of a field';
