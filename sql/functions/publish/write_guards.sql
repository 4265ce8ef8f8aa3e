-- orchestrator.write_guards: the native guards of a table: one-line SQL functions that the planner inlines into the
-- trigger's WHEN. Parameters are anyelement and the body is text, so that nothing depends on the table. No SET clause and
-- not SECURITY DEFINER, or they would not be inlined; every name in them is qualified, since they are resolved by the
-- writer's search_path. EXECUTE for PUBLIC: without it every writer would be refused.
-- Each has a twin in PL/pgSQL, whose plan a session keeps: a call costs 0.4 µs a row and no planning, see few_rows().
create or replace function orchestrator.write_guards(p_collection text, p_guards jsonb)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_event text;
    v_guard jsonb;
    v_name text;
    v_language text;
    v_condition text;
    v_arguments text;
begin
    for v_event, v_guard in select key, value from jsonb_each(p_guards) loop
        v_arguments := case v_event
            when 'insert' then 'n anyelement'
            when 'update' then 'n anyelement, o anyelement'
            else 'o anyelement'
        end;
        v_condition := v_guard ->> 'condition';
        if (v_guard -> 'local')::boolean then
            v_condition := format(
                'pg_catalog.current_setting(''orchestrator.trigger_workflows'', true) OPERATOR(pg_catalog.<>) '''' OR (%s)',
                v_condition
            );
        end if;
        for v_name, v_language in
            values
                (orchestrator.hook_name(p_collection, 'guard_' || v_event), case when (v_guard -> 'inlined')::boolean then 'sql' else 'plpgsql' end),
                (orchestrator.hook_name(p_collection, 'few_guard_' || v_event), 'plpgsql')
        loop
            execute format(
                'create or replace function orchestrator_hooks.%I(%s) returns boolean language %s stable as %L',
                v_name, v_arguments, v_language,
                -- null means: perhaps. Here and not in the trigger, which PostgreSQL reads anew at each statement
                format(case v_language when 'sql' then 'select (%s) is not false' else 'begin return (%s) is not false; end' end, v_condition)
            );
            execute format('grant execute on function orchestrator_hooks.%I to public', v_name);
            execute format('alter function orchestrator_hooks.%I owner to orchestrator_owner', v_name);
            execute format(
                'comment on function orchestrator_hooks.%I is %L',
                v_name, format('whether a workflow could matter for an %s of %s', v_event, p_collection)
            );
        end loop;
    end loop;
end
$$;
comment on function orchestrator.write_guards(text, jsonb) is 'writes the guard functions of a collection';
