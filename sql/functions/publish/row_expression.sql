-- orchestrator.row_expression: SQL text that renders a row as JSON text in the engine's form.
create or replace function orchestrator.row_expression(p_collection text, p_row text)
    returns text
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select '(''{''' || coalesce(' || ' || string_agg(
        format(
            '%L || coalesce(%s::text, ''null'')',
            case when f.n > 1 then ',' else '' end || to_json(f.name)::text || ':',
            case
                when f.type ~ '^(json|jsonb)$' then format('%s.%I', p_row, f.name)
                when f.type ~ '^(boolean|smallint|integer|bigint)$' then format('to_json(%s.%I)', p_row, f.name)
                when f.type ~ '^(real|double precision|numeric)' and f.type !~ '\]$'
                    then format('case when %1$s.%2$I::text !~ ''[a-zA-Z]{2}'' then to_json(%1$s.%2$I) end', p_row, f.name)
                when f.type ~ '^timestamp.* with time zone$'
                    then format('to_json(%s)', orchestrator.column_expression(p_row, f.name, 'timestamptz'))
                when f.type ~ '^timestamp' and f.type !~ '\]$'
                    then format('to_json(%s)', orchestrator.column_expression(p_row, f.name, 'timestamp'))
                when f.type = 'date' then format('to_json(%s)', orchestrator.column_expression(p_row, f.name, 'date'))
                when f.type = 'bytea' then format('to_json(encode(%s.%I, ''base64''))', p_row, f.name)
                when f.type ~ '\]$' then format('to_json(%s.%I)', p_row, f.name)
                else format('to_json(%s.%I::text)', p_row, f.name)
            end
        ), ' || ' order by f.n
    ), '') || ' || ''}'')'
    from (
        select f.name, f.options ->> 'rawType' as type, row_number() over (order by f.sort, f.attnum) as n
        from orchestrator.fields f
        where f.collection_name = p_collection and f.attnum is not null and f.type <> 'password'
            and not coalesce((f.options -> 'hidden')::boolean, false)
    ) f
$$;
comment on function orchestrator.row_expression(text, text) is 'SQL text for a row as JSON text; hidden fields are left out';
