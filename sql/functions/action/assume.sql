-- orchestrator.assume: says who acts for the rest of this call, and finds the plan that a request runs on.
-- The settings are those that anybody may set: they are believed where the login was itself granted orchestrator_api, as
-- in orchestrator.actor(). One query for all of it: every HTTP write asks, and each function on the way would cost its
-- own executor.
create or replace function orchestrator.assume(p_claims jsonb, p_collection text, p_association text default null)
    returns jsonb
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_collection text := p_collection;
begin
    perform
        set_config('orchestrator.user_id', coalesce(p_claims ->> 'userId', ''), true),
        set_config('orchestrator.role_name', coalesce(p_claims ->> 'roleName', ''), true),
        set_config('orchestrator.trigger_workflows', coalesce(p_claims ->> 'triggerWorkflows', ''), true),
        set_config('orchestrator.trace_id', coalesce(p_claims ->> 'traceId', ''), true);
    if p_association is not null then
        select f.options ->> 'target' into v_collection
        from orchestrator.fields f
        where f.collection_name = p_collection and f.name = p_association;
    end if;
    if not exists (
        select from pg_catalog.pg_auth_members m
        where m.roleid = 'orchestrator_api'::regrole and m.member = quote_ident(session_user)::regrole
    ) then
        return jsonb_build_object(
            'collection', coalesce(v_collection, p_collection || '.' || p_association),
            'plan', (select c.plan_id from orchestrator.collections c where c.name = v_collection),
            'revision', orchestrator.catalog_revision(),
            'actor', orchestrator.actor()
        );
    end if;
    return (
        select jsonb_build_object(
            'collection', coalesce(v_collection, p_collection || '.' || p_association),
            'plan', (select c.plan_id from orchestrator.collections c where c.name = v_collection),
            'revision', (select coalesce(bit_xor(hashint8extended(c.revision, 0)), 0) from orchestrator.collections c),
            'actor', jsonb_build_object(
                'user', case when u.id is not null then jsonb_build_object(
                    'id', u.id,
                    'nickname', u.nickname,
                    'username', u.username,
                    'email', u.email,
                    'phone', u.phone,
                    'appLang', u.app_lang,
                    'systemSettings', u.system_settings,
                    'passwordChangeTz', u.password_change_tz,
                    'createdById', u.created_by_id,
                    'updatedById', u.updated_by_id,
                    'createdAt', to_char(u.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                    'updatedAt', to_char(u.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                ) end,
                'roleName', nullif(p_claims ->> 'roleName', ''),
                'dbUser', session_user,
                'triggerWorkflows', nullif(p_claims ->> 'triggerWorkflows', ''),
                'traceId', nullif(p_claims ->> 'traceId', '')
            )
        )
        from (select) as one
        left join orchestrator.users u on u.id = case when p_claims ->> 'userId' ~ '^[0-9]{1,18}$' then (p_claims ->> 'userId')::bigint end
    );
end
$$;
comment on function orchestrator.assume(jsonb, text, text) is 'sets the context of a request and returns actor and plan';
