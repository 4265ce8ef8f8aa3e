-- orchestrator.user_document: a user as clients and contexts see him, without the password
create or replace function orchestrator.user_document(p_user orchestrator.users)
returns json
language sql
stable
security invoker
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select json_build_object(
        'id', p_user.id,
        'nickname', p_user.nickname,
        'username', p_user.username,
        'email', p_user.email,
        'phone', p_user.phone,
        'passwordChangeTz', p_user.password_change_tz,
        'appLang', p_user.app_lang,
        'systemSettings', p_user.system_settings,
        'createdAt', orchestrator.wire_time(p_user.created_at),
        'updatedAt', orchestrator.wire_time(p_user.updated_at),
        'createdById', p_user.created_by_id,
        'updatedById', p_user.updated_by_id
    )
$$;
comment on function orchestrator.user_document(orchestrator.users) is 'a user as JSON, without the password';
