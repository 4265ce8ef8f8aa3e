-- orchestrator.catalog_revision: a number that is another one after every change of a collection or field.
-- A digest of what the caller's snapshot sees, and not a counter: two changes that commit in the other order than they
-- began can never leave somebody with the number of one and the fields of the other.
create or replace function orchestrator.catalog_revision()
    returns bigint
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select coalesce(hashtextextended(string_agg(c.name || ':' || c.revision, ',' order by c.name collate "C"), 0), 0)
    from orchestrator.collections c
$$;
comment on function orchestrator.catalog_revision() is 'changes with every change of a collection or field';
