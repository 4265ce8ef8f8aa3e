-- orchestrator.administer: an action on a resource of our own (workflows, nodes, executions, …) in one statement and one
-- transaction. Returns the HTTP status, a blank, and the body.
-- Whether the user may do it was decided before. What nodes write on the way is his, as in act(): the settings end with the call.
create or replace function orchestrator.administer(
    p_request text, p_user_id bigint default null, p_role_name text default null, p_trace_id text default null
)
    returns text
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
    set "TimeZone" = 'UTC'
    set "DateStyle" = 'ISO, MDY'
    set orchestrator.user_id = ''
    set orchestrator.role_name = ''
    set orchestrator.trigger_workflows = ''
    set orchestrator.trace_id = ''
    set orchestrator.chain = ''
as $$
declare
    v_setting text;
begin
    v_setting := concat(
        set_config('orchestrator.user_id', coalesce(p_user_id::text, ''), true),
        set_config('orchestrator.role_name', coalesce(p_role_name, ''), true),
        set_config('orchestrator.trace_id', coalesce(p_trace_id, ''), true)
    );
    return orchestrator.result(
        orchestrator.invoke('orchestrator.administration.dispatch:administer', p_request, p_user_id::text, p_role_name)
    );
end
$$;
comment on function orchestrator.administer(text, bigint, text, text) is
    'carries out an action on workflows, nodes and the like; HTTP status, a blank, the body';
