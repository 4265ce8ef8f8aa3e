-- orchestrator.user_context: a user as workflows see him: no password, nothing secret.
create or replace function orchestrator.user_context(p_id bigint)
    returns jsonb
    language plpgsql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    -- PL/pgSQL keeps the plan; every request asks this
    return (select jsonb_build_object(
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
    )
    from orchestrator.users u
    where u.id = p_id);
end
$$;
comment on function orchestrator.user_context(bigint) is 'the user record of $context.user';
