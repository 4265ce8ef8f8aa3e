-- orchestrator.refresh_associations: a collection's relations, read from foreign keys between managed tables.
-- Every foreign key is a belongsTo on its own side and a hasMany, or a hasOne where its column is unique, on the other;
-- a table that is nothing but a pair of them is also the through-collection of a belongsToMany.
-- A relation keeps its field as long as its constraint lives; relations that somebody defined by hand are left alone,
-- and one that says the same is not made twice. Foreign keys of several columns have no relation.
create or replace function orchestrator.refresh_associations(p_collection text)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_table oid;
    v_found record;
    v_name text;
    v_candidate text;
    v_kept text[] := array[]::text[];
begin
    select c.table_oid into strict v_table from orchestrator.collections c where c.name = p_collection;

    for v_found in select r.* from orchestrator.table_relations(v_table) r loop
        v_kept := v_kept || v_found.origin;
        -- the same relation, defined by hand
        continue when exists (
            select from orchestrator.fields f
            where f.collection_name = p_collection and not f.options ? 'constraint'
                and f.type = v_found.type
                and f.options ->> 'target' = v_found.options ->> 'target'
                and f.options ->> 'foreignKey' = v_found.options ->> 'foreignKey'
                and (f.options ->> 'through') is not distinct from (v_found.options ->> 'through')
        );
        update orchestrator.fields f
        set type = v_found.type,
            interface = v_found.interface,
            options = f.options || v_found.options,
            updated_at = now()
        where f.collection_name = p_collection and f.options ->> 'constraint' = v_found.origin;
        continue when found;

        v_name := null;
        foreach v_candidate in array v_found.names loop
            if not exists (
                select from orchestrator.fields f where f.collection_name = p_collection and f.name = v_candidate
            ) then
                v_name := v_candidate;
                exit;
            end if;
        end loop;
        insert into orchestrator.fields (collection_name, name, type, interface, sort, options)
        values (
            p_collection,
            coalesce(v_name, v_found.names[1] || '_' || v_found.origin),
            v_found.type,
            v_found.interface,
            10000 + cardinality(v_kept),
            v_found.options || jsonb_build_object('constraint', v_found.origin)
        );
    end loop;

    delete from orchestrator.fields f
    where f.collection_name = p_collection and f.options ? 'constraint' and f.options ->> 'constraint' <> all (v_kept);
    update orchestrator.collections set revision = default where name = p_collection;
end
$$;
comment on function orchestrator.refresh_associations(text) is 'reads the relations of a collection from foreign keys again';
