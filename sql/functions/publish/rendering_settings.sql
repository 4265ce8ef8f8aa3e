-- orchestrator.rendering_settings: the SET clauses without which a table's values would look as the writer's session likes.
-- Setting them costs a write some microseconds: only tables pay that have columns of such types.
-- p_as_text: numbers with a floating point are written out as well, and not only passed on.
create or replace function orchestrator.rendering_settings(p_collection text, p_as_text boolean)
    returns text
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select case when exists (
        select
        from orchestrator.collections c
        join pg_catalog.pg_attribute a on a.attrelid = c.table_oid and a.attnum > 0 and not a.attisdropped
        join pg_catalog.pg_type t on t.oid = a.atttypid
        where c.name = p_collection
            and t.typtype <> 'e'
            and case
                when t.typelem <> 0 and t.typlen = -1 then t.typelem <> all (array[
                    'bool', 'int2', 'int4', 'int8', 'numeric', 'text', 'varchar', 'bpchar', 'uuid', 'json', 'jsonb'
                ]::regtype[])
                when t.oid = any (array['float4', 'float8']::regtype[]) then p_as_text
                else t.oid <> all (array[
                    'bool', 'int2', 'int4', 'int8', 'numeric', 'text', 'varchar', 'bpchar', 'name', 'uuid', 'json', 'jsonb',
                    'date', 'time', 'timestamp', 'timestamptz', 'bytea', 'inet', 'cidr', 'macaddr', 'bit', 'varbit'
                ]::regtype[])
            end
    )
    then 'set timezone = ''UTC'' set datestyle = ''ISO, MDY'' set intervalstyle = ''postgres'''
        ' set extra_float_digits = 1 set bytea_output = ''hex'' set lc_monetary = ''C'''
    else '' end
$$;
comment on function orchestrator.rendering_settings(text, boolean) is 'SET clauses for a collection whose values depend on settings';
