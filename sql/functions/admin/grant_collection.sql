-- orchestrator.grant_collection: what runs nodes may read and write a table, what serves HTTP may read it.
-- Runs as its caller, who must be allowed to grant on the table.
create or replace function orchestrator.grant_collection(p_table oid)
    returns void
    language plpgsql volatile security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_schema text;
    v_table text;
    v_schema_used text;
    v_role text;
    v_sequence oid;
begin
    select n.nspname, t.relname into v_schema, v_table
    from pg_class t
    join pg_namespace n on n.oid = t.relnamespace
    where t.oid = p_table;
    -- the table's schema, and those of its columns' types and of their operators
    for v_schema_used in
        select v_schema
        union
        select n.nspname
        from pg_attribute a
        join pg_type t on t.oid = a.atttypid
        left join pg_type b on b.oid = t.typbasetype or b.oid = t.typelem
        join pg_namespace n on n.oid in (t.typnamespace, b.typnamespace)
        where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped and n.nspname <> 'pg_catalog'
        union
        select f.operators
        from pg_attribute a
        cross join lateral orchestrator.field_type(a.atttypid) f
        where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped and f.operators is not null
    loop
        -- not again: two transactions that grant on one schema are an error
        for v_role in
            select r.rolname from pg_roles r
            where r.rolname in ('orchestrator_runner', 'orchestrator_api')
                and not exists (
                    select from pg_namespace n cross join lateral aclexplode(n.nspacl) a
                    where n.nspname = v_schema_used and a.grantee = r.oid and a.privilege_type = 'USAGE'
                )
        loop
            execute format('grant usage on schema %I to %I', v_schema_used, v_role);
        end loop;
    end loop;
    execute format('grant select, insert, update, delete on %I.%I to orchestrator_runner', v_schema, v_table);
    execute format('grant select on %I.%I to orchestrator_api', v_schema, v_table);
    for v_sequence in select s.sequence from orchestrator.column_sequences(p_table) s loop
        execute format('grant usage on sequence %s to orchestrator_runner', v_sequence::regclass);
    end loop;
end
$$;
comment on function orchestrator.grant_collection(oid) is 'grants a managed table, its schema and its sequences to the roles of nodes and API';
