-- orchestrator.neighbours: collections whose relations depend on a table: those it refers to, those that refer to it,
-- and what lies behind a join table.
create or replace function orchestrator.neighbours(p_table oid)
    returns table (name text)
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    with links as (
        select conrelid as a, confrelid as b from pg_constraint where contype = 'f' and conparentid = 0
        union
        select confrelid, conrelid from pg_constraint where contype = 'f' and conparentid = 0
    ),
    reached as (
        select b as table_oid from links where a = p_table
        union
        select far.b
        from links as near
        join links as far on far.a = near.b
        where near.a = p_table
    )
    select c.name
    from orchestrator.collections c
    join reached on reached.table_oid = c.table_oid
    order by c.name
$$;
comment on function orchestrator.neighbours(oid) is 'collections at most two foreign keys away from a table';
