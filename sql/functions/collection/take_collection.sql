-- orchestrator.take_collection: a table that was just created becomes the database owner's, as if he had created it, and
-- a collection. Runs as its caller, a superuser.
create or replace function orchestrator.take_collection(
    p_schema text, p_table text, p_name text, p_title text, p_options jsonb
)
    returns void
    language plpgsql volatile security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    execute format('alter table %I.%I owner to %I', p_schema, p_table, (
        select pg_get_userbyid(d.datdba) from pg_database d where d.datname = current_database()
    ));
    perform orchestrator.manage(format('%I.%I', p_schema, p_table)::regclass, p_name);
    update orchestrator.collections c
    set created = true, title = p_title, options = p_options
    where c.name = p_name;
end
$$;
comment on function orchestrator.take_collection(text, text, text, text, jsonb) is
    'makes a new table a collection that was created through the API';
