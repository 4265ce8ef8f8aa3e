-- orchestrator.column_expression: a column's value in the engine's form, whatever TimeZone, DateStyle and search_path
-- the writer has set: every name is qualified. to_char() gives null for what is infinite, and no era.
create or replace function orchestrator.column_expression(p_row text, p_name text, p_kind text)
    returns text
    language sql immutable security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select case p_kind
        when 'timestamptz' then format(
            -- the constant is computed once a session
            'case when %1$s.%2$I operator(pg_catalog.>=) pg_catalog.timezone(''UTC'', pg_catalog.make_timestamp(1, 1, 1, 0, 0, 0))'
                ' then coalesce(pg_catalog.to_char(pg_catalog.timezone(''UTC'', %1$s.%2$I), ''YYYY-MM-DD"T"HH24:MI:SS.MS"Z"''), ''infinity'')'
                ' else coalesce(pg_catalog.to_char(pg_catalog.timezone(''UTC'', %1$s.%2$I), ''YYYY-MM-DD HH24:MI:SS"+00 BC"''), %1$s.%2$I::pg_catalog.text) end',
            p_row, p_name
        )
        when 'timestamp' then format(
            'case when %1$s.%2$I operator(pg_catalog.>=) pg_catalog.make_timestamp(1, 1, 1, 0, 0, 0)'
                ' then coalesce(pg_catalog.to_char(%1$s.%2$I, ''YYYY-MM-DD HH24:MI:SS''), ''infinity'')'
                ' else coalesce(pg_catalog.to_char(%1$s.%2$I, ''YYYY-MM-DD HH24:MI:SS BC''), %1$s.%2$I::pg_catalog.text) end',
            p_row, p_name
        )
        when 'date' then format(
            'case when %1$s.%2$I operator(pg_catalog.>=) pg_catalog.make_date(1, 1, 1)'
                ' then coalesce(pg_catalog.to_char(%1$s.%2$I, ''YYYY-MM-DD''), ''infinity'')'
                ' else coalesce(pg_catalog.to_char(%1$s.%2$I, ''YYYY-MM-DD BC''), %1$s.%2$I::pg_catalog.text) end',
            p_row, p_name
        )
        when 'bytea' then format('pg_catalog.encode(%s.%I, ''base64'')', p_row, p_name)
        when 'json' then format('%s.%I::pg_catalog.text', p_row, p_name)
        when 'composed' then format('pg_catalog.to_json(%s.%I)::pg_catalog.text', p_row, p_name)
        when 'text' then format('%s.%I::pg_catalog.text', p_row, p_name)
        else format('%s.%I::pg_catalog.%I', p_row, p_name, p_kind)
    end
$$;
comment on function orchestrator.column_expression(text, text, text) is 'SQL text that passes a column of a row on to the engine';
