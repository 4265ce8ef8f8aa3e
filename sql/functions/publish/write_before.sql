-- orchestrator.write_before: the row triggers' functions of a table, and the PL/Python shims that they ask.
-- The trigger function is stable, so that what it asks of the snapshot is the statement's own: the shim answers "?" where
-- it has to know whether the statement is older than the plan.
-- The trigger function is PL/pgSQL: it passes the columns on in the engine's form and raises what the verdict says, under
-- the message's own words. The shim carries the id of the plan: replacing it is how a new version takes effect.
create or replace function orchestrator.write_before(
    p_collection text, p_plan bigint, p_columns jsonb, p_runs_sql boolean, p_guards jsonb
)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_event text;
    v_rows text[];
    v_values text[];
    v_types text[];
    v_judge text;
    v_before text;
    v_written_out boolean;
begin
    foreach v_event in array array['insert', 'update', 'delete'] loop
        v_rows := case v_event when 'insert' then '{new}'::text[] when 'update' then '{new,old}' else '{old}' end;
        select
            array_agg(orchestrator.column_expression(r.name, c.value ->> 'name', c.value ->> 'kind') order by r.n, c.n),
            array_agg(
                'pg_catalog.' || case
                    when c.value ->> 'kind' in ('bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'numeric')
                        then quote_ident(c.value ->> 'kind')
                    else 'text'
                end
                order by r.n, c.n
            )
        into v_values, v_types
        from unnest(v_rows) with ordinality as r (name, n)
        cross join jsonb_array_elements(p_columns) with ordinality as c (value, n);
        v_written_out := cardinality(v_values) > 98;
        if v_written_out then
            -- a function takes 100 arguments at most: the columns travel as JSON arrays of 90
            select array_agg('pg_catalog.json_build_array(' || g.part || ')::pg_catalog.text' order by g.n), array_agg('pg_catalog.text'::text)
            into v_values, v_types
            from (
                select (v.n - 1) / 90 as n, string_agg(v.expression, ', ' order by v.n) as part
                from unnest(v_values) with ordinality as v (expression, n)
                group by (v.n - 1) / 90
            ) g;
        end if;
        v_judge := orchestrator.hook_name(p_collection, 'judge_' || v_event);
        v_before := orchestrator.hook_name(p_collection, 'before_' || v_event);
        -- a shim with other columns stays: somebody may be just about to call it
        execute format(
            $template$
create or replace function orchestrator_hooks.%1$I(%2$s) returns pg_catalog.text language plpython3u volatile security invoker as $judge$
h = GD.get("orchestrator") or plpy.execute("select orchestrator.load_engine()") and GD["orchestrator"]
return h.judge(%3$s, "%4$s", args)
$judge$
            $template$,
            v_judge, array_to_string(v_types, ', '), p_plan, v_event
        );
        execute format('revoke execute on function orchestrator_hooks.%I(%s) from public', v_judge, array_to_string(v_types, ', '));
        execute format('alter function orchestrator_hooks.%I(%s) owner to orchestrator_runner', v_judge, array_to_string(v_types, ', '));
        execute format(
            'create or replace function orchestrator_hooks.%I() returns trigger language plpgsql stable security definer %s %s as %L',
            v_before, orchestrator.rendering_settings(p_collection, v_written_out),
            case when p_runs_sql or (p_guards -> v_event -> 'local')::boolean
                then 'set search_path = pg_catalog, orchestrator, pg_temp set row_security = off' else '' end,
            -- a literal, not dollar quotes: a column's name may hold any delimiter
            format(
                $before$
declare
    v_verdict pg_catalog.text;
begin
    v_verdict := orchestrator_hooks.%1$I(%2$s);
    if v_verdict is null then
        return %3$s;
    end if;
    if v_verdict operator(pg_catalog.=) '?' then
        v_verdict := orchestrator.pin_statement(%4$s, pg_catalog.pg_current_snapshot()::pg_catalog.text);
        if v_verdict is null then
            v_verdict := orchestrator_hooks.%1$I(%2$s);
        end if;
        if v_verdict is null then
            return %3$s;
        end if;
    end if;
    perform orchestrator.enforce(v_verdict);
    return null;
end
$before$,
                v_judge, array_to_string(v_values, ', '), case v_event when 'delete' then 'old' else 'new' end, p_plan
            )
        );
        execute format('revoke execute on function orchestrator_hooks.%I from public', v_before);
        execute format('alter function orchestrator_hooks.%I owner to orchestrator_runner', v_before);
        execute format(
            'comment on function orchestrator_hooks.%I is %L', v_before, format('judges each %s of %s', v_event, p_collection)
        );
    end loop;
end
$$;
comment on function orchestrator.write_before(text, bigint, jsonb, boolean, jsonb) is 'writes the row triggers'' functions of a collection';
