-- orchestrator.write_truncate: the function before TRUNCATE, which fires no row trigger: refused while deletes are guarded.
create or replace function orchestrator.write_truncate(p_collection text, p_guard text)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_name text := orchestrator.hook_name(p_collection, 'truncate');
    v_message text := format('TRUNCATE of %s is refused while its deletes are guarded', quote_literal(p_collection));
    v_verdict jsonb;
begin
    v_verdict := jsonb_build_object(
        'sqlstate', 'WF400',
        'message', v_message,
        'detail', jsonb_build_object(
            'workflow', p_guard, 'node', null, 'errors', jsonb_build_array(jsonb_build_object('message', v_message))
        )::text,
        'hint', 'DELETE is judged row by row.'
    );
    execute format(
        'create or replace function orchestrator_hooks.%I() returns trigger language plpgsql volatile security definer as %L',
        v_name,
        format(
            'begin %s return null; end',
            case when p_guard is null then '' else format('perform orchestrator.enforce(%L);', v_verdict) end
        )
    );
    execute format('revoke execute on function orchestrator_hooks.%I from public', v_name);
    execute format('alter function orchestrator_hooks.%I owner to orchestrator_runner', v_name);
    execute format('comment on function orchestrator_hooks.%I is %L', v_name, 'before a TRUNCATE of ' || p_collection);
end
$$;
comment on function orchestrator.write_truncate(text, text) is 'writes the function before TRUNCATE of a collection';
