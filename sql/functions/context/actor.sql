-- orchestrator.actor: who writes, as far as the database vouches for it.
-- user_id and role_name are settings that anybody may set: they are believed only where the login (session_user, which
-- SET ROLE and SECURITY DEFINER do not change) was itself granted orchestrator_api. For everyone else the login is the
-- actor, mapped to a user by users.db_role.
create or replace function orchestrator.actor()
    returns jsonb
    language plpgsql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_user jsonb;
    v_role text;
    v_claimed text;
    v_login name := session_user;
    v_is_api boolean;
    v_user_id bigint;
begin
    -- one query, and not through is_api_login(): every write that is judged asks it
    select
        exists (
            select from pg_catalog.pg_auth_members m
            where m.roleid = 'orchestrator_api'::regrole and m.member = quote_ident(v_login)::regrole
        ),
        (select u.id from orchestrator.users u where u.db_role = v_login)
    into v_is_api, v_user_id;
    if v_is_api then
        v_claimed := nullif(current_setting('orchestrator.user_id', true), '');
        -- a user of another database, of whom this one knows nothing else; see act()
        v_user := nullif(current_setting('orchestrator.visitor', true), '')::jsonb;
        v_role := nullif(current_setting('orchestrator.role_name', true), '');
        if v_user is null and v_claimed ~ '^[0-9]{1,18}$' then
            v_user := orchestrator.user_context(v_claimed::bigint);
        end if;
    elsif v_user_id is not null then
        v_user := orchestrator.user_context(v_user_id);
        v_role := orchestrator.default_role(v_user_id);
    end if;
    return jsonb_build_object(
        'user', v_user,
        'roleName', v_role,
        'dbUser', v_login,
        'triggerWorkflows', nullif(current_setting('orchestrator.trigger_workflows', true), ''),
        'traceId', nullif(current_setting('orchestrator.trace_id', true), '')
    );
end
$$;
comment on function orchestrator.actor() is 'user, role, login and bound workflows of the running write';
