-- orchestrator.table_family: a table, its partitions and its inheritance children, at any depth: writes to it reach them.
-- A child that is managed itself has workflows of its own.
create or replace function orchestrator.table_family(p_table oid)
    returns table (relid oid)
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    with recursive family (relid) as (
        select p_table
        union
        select i.inhrelid
        from family f
        join pg_catalog.pg_inherits i on i.inhparent = f.relid
        join pg_catalog.pg_class c on c.oid = i.inhrelid
        where c.relispartition or not exists (select from orchestrator.collections m where m.table_oid = c.oid)
    )
    select f.relid from family f
$$;
comment on function orchestrator.table_family(oid) is 'a table, its partitions and inheritance children';
