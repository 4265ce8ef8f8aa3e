-- orchestrator.catalog_revision: a number that is another one after every change of a collection or field.
-- A digest of the collections' own revisions as the caller's snapshot sees them, and not a counter: two changes that
-- commit in the other order than they began can never leave somebody with the number of one and the fields of the other.
-- PL/pgSQL keeps the plan, and this is asked in every write that has to do with records: 19 µs instead of 70 in SQL.
create or replace function orchestrator.catalog_revision()
    returns bigint
    language plpgsql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    return (select coalesce(bit_xor(hashint8extended(c.revision, 0)), 0) from orchestrator.collections c);
end
$$;
comment on function orchestrator.catalog_revision() is 'changes with every change of a collection or field';
