-- orchestrator.catalog_revision: a number that is another one after every change of a collection or field.
create or replace function orchestrator.catalog_revision()
    returns bigint
    language plpgsql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    return (select s.revision from orchestrator.catalog_state s);
end
$$;
comment on function orchestrator.catalog_revision() is 'changes with every change of a collection or field';
