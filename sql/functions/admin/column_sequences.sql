-- orchestrator.column_sequences: the sequences that a table's column defaults draw from.
create or replace function orchestrator.column_sequences(p_table oid)
    returns table (sequence oid)
    language sql stable security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select d.refobjid
    from pg_attrdef f
    join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = f.oid and d.refclassid = 'pg_class'::regclass
    join pg_class s on s.oid = d.refobjid and s.relkind = 'S'
    where f.adrelid = p_table
    union
    select d.objid
    from pg_depend d
    join pg_class s on s.oid = d.objid and s.relkind = 'S'
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = p_table
        and d.deptype in ('a', 'i')
$$;
comment on function orchestrator.column_sequences(oid) is 'serial, identity and plain nextval() sequences of a table';
