-- orchestrator.write_after: the functions after each statement, one an event, over its transition tables.
-- Where every follower is asynchronous and asks nothing but columns, SQL queues them by itself: one INSERT … SELECT a
-- workflow, and no Python in the writer's session. The engine takes over when it has work there: a synchronous
-- workflow, relations or conditions to read, a bound workflow, or a write that a workflow or a request made. The setting
-- orchestrator.chain says so; setting it by hand only takes the longer way.
create or replace function orchestrator.write_after(p_collection text, p_plan bigint, p_after jsonb)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_event text;
    v_name text;
    v_new text;
    v_old text;
    v_from text;
    v_native text;
    v_entry jsonb;
begin
    foreach v_event in array array['insert', 'update', 'delete'] loop
        v_name := orchestrator.hook_name(p_collection, 'after_' || v_event);
        v_new := case when v_event <> 'delete' then orchestrator.row_expression(p_collection, 'a') end;
        v_old := case when v_event <> 'insert' then orchestrator.row_expression(p_collection, 'b') end;
        -- numbered under a name that no column has: rows pair up in the order in which they were written
        v_from := case v_event
            when 'insert' then '(select n.*, row_number() over () as "zz orchestrator" from new_rows n) a'
            when 'delete' then '(select o.*, row_number() over () as "zz orchestrator" from old_rows o) b'
            else '(select n.*, row_number() over () as "zz orchestrator" from new_rows n) a'
                ' join (select o.*, row_number() over () as "zz orchestrator" from old_rows o) b using ("zz orchestrator")'
        end;
        v_native := '';
        if (p_after -> v_event -> 'native')::boolean then
            for v_entry in select value from jsonb_array_elements(p_after -> v_event -> 'entries') loop
                v_native := v_native || format(
                    E'\n        perform orchestrator.enqueue(%s, %L, array(select %s from %s where %s order by "zz orchestrator"));',
                    v_entry ->> 'workflow', v_entry ->> 'key', coalesce(v_new, v_old), v_from,
                    coalesce((
                        select '(' || string_agg(
                            format('to_jsonb(a.%1$I) is distinct from to_jsonb(b.%1$I)', c.value #>> '{}'), ' or '
                        ) || ')'
                        from jsonb_array_elements(v_entry -> 'changed') c
                    ), 'true')
                );
            end loop;
        end if;
        execute format(
            'create or replace function orchestrator_hooks.%I() returns trigger language plpgsql volatile security definer'
                ' set search_path = pg_catalog, orchestrator, pg_temp set row_security = off %s as %L',
            v_name, orchestrator.rendering_settings(p_collection, true),
            -- a literal, not dollar quotes: a column's name may hold any delimiter
            format(
                $after$
declare
    v_rows text;
begin
    if %1$s and coalesce(current_setting('orchestrator.chain', true), '') = ''
        and coalesce(current_setting('orchestrator.trigger_workflows', true), '') = '' then%2$s
        return null;
    end if;
    select json_agg(json_build_object('new', %3$s, 'old', %4$s) order by "zz orchestrator")::text into v_rows from %5$s;
    if v_rows is not null then
        perform orchestrator.result(orchestrator.follow(%6$s, %7$L, v_rows));
    end if;
    return null;
end
$after$,
                case when (p_after -> v_event -> 'native')::boolean then 'true' else 'false' end,
                case when v_native = '' then E'\n        null;' else v_native end,
                coalesce('(' || v_new || ')::json', 'null::json'), coalesce('(' || v_old || ')::json', 'null::json'),
                v_from, p_plan, v_event
            )
        );
        execute format('revoke execute on function orchestrator_hooks.%I from public', v_name);
        execute format('alter function orchestrator_hooks.%I owner to orchestrator_runner', v_name);
        execute format('comment on function orchestrator_hooks.%I is %L', v_name, format('starts what follows an %s of %s', v_event, p_collection));
    end loop;
end
$$;
comment on function orchestrator.write_after(text, bigint, jsonb) is 'writes the functions that follow statements on a collection';
