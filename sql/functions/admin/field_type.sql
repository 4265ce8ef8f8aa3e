-- orchestrator.field_type: what a column's type is called on the wire, and how its values are cast.
-- A domain counts as the type below it: its checks run when a value is stored, not when one is looked for.
-- "operators" names the schema of the type's own comparison operators where that is not pg_catalog (citext, geometry).
create or replace function orchestrator.field_type(p_type oid)
    returns table (type text, interface text, pg_type text, is_array boolean, operators text)
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    with recursive base as (
        select t.oid, t.typname, t.typtype, t.typcategory, t.typbasetype, t.typelem, t.typsubscript
        from pg_type t
        where t.oid = p_type
        union all
        select t.oid, t.typname, t.typtype, t.typcategory, t.typbasetype, t.typelem, t.typsubscript
        from base
        join pg_type t on t.oid = base.typbasetype
        where base.typtype = 'd'
    ),
    plain as (
        select
            base.oid,
            base.typname,
            base.typtype,
            base.typcategory = 'A' and base.typsubscript = 'array_subscript_handler'::regproc as is_array
        from base
        where base.typtype <> 'd'
    )
    select
        case
            when plain.is_array then 'array'
            when plain.typtype = 'e' then 'string'
            when plain.typtype = 'c' then 'json'
            when plain.typname in ('int2', 'int4') then 'integer'
            when plain.typname in ('int8', 'oid') then 'bigInt'
            when plain.typname = 'numeric' then 'decimal'
            when plain.typname in ('float4', 'float8') then 'float'
            when plain.typname = 'bool' then 'boolean'
            when plain.typname = 'date' then 'dateOnly'
            when plain.typname in ('time', 'timetz') then 'time'
            when plain.typname = 'timestamp' then 'datetimeNoTz'
            when plain.typname = 'timestamptz' then 'datetimeTz'
            when plain.typname = 'uuid' then 'uuid'
            when plain.typname in ('json', 'jsonb') then 'json'
            when plain.typname = 'bytea' then 'blob'
            when plain.typname in ('text', 'xml', 'tsvector') then 'text'
            else 'string'
        end,
        case
            when plain.is_array or plain.typtype = 'c' or plain.typname in ('json', 'jsonb') then 'json'
            when plain.typtype = 'e' then 'select'
            when plain.typname in ('int2', 'int4', 'int8', 'oid') then 'integer'
            when plain.typname in ('numeric', 'float4', 'float8') then 'number'
            when plain.typname = 'bool' then 'checkbox'
            when plain.typname = 'date' then 'date'
            when plain.typname in ('time', 'timetz') then 'time'
            when plain.typname = 'timestamp' then 'datetimeNoTz'
            when plain.typname = 'timestamptz' then 'datetime'
            when plain.typname = 'uuid' then 'uuid'
            when plain.typname in ('text', 'xml', 'tsvector') then 'textarea'
            else 'input'
        end,
        format_type(plain.oid, -1),
        plain.is_array,
        (
            select nullif(n.nspname, 'pg_catalog')
            from pg_opclass c
            join pg_am m on m.oid = c.opcmethod and m.amname = 'btree'
            join pg_amop o
                on o.amopfamily = c.opcfamily
                and o.amoplefttype = c.opcintype
                and o.amoprighttype = c.opcintype
                and o.amopstrategy = 3
            join pg_operator e on e.oid = o.amopopr
            join pg_namespace n on n.oid = e.oprnamespace
            where c.opcintype = plain.oid and c.opcdefault
        )
    from plain
$$;
comment on function orchestrator.field_type(oid) is
    'wire type, interface, type text for casts and schema of comparison operators, of a column type';
