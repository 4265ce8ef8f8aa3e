-- orchestrator.describe_collection: another title and other options of a collection; its table stays as it is.
create or replace function orchestrator.describe_collection(p_name text, p_title text, p_options jsonb)
    returns void
    language sql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    update orchestrator.collections c
    set title = p_title, options = p_options, updated_at = now()
    where c.name = p_name
$$;
comment on function orchestrator.describe_collection(text, text, jsonb) is 'stores title and options of a collection';
