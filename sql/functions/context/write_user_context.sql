-- orchestrator.write_user_context: trigger function, a user as workflows see him: no password, nothing secret
create or replace function orchestrator.write_user_context()
    returns trigger
    language plpgsql volatile security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    new.context := json_build_object(
        'id', new.id,
        'nickname', new.nickname,
        'username', new.username,
        'email', new.email,
        'phone', new.phone,
        'appLang', new.app_lang,
        'systemSettings', new.system_settings,
        'passwordChangeTz', new.password_change_tz,
        'createdById', new.created_by_id,
        'updatedById', new.updated_by_id,
        'createdAt', orchestrator.wire_time(new.created_at),
        'updatedAt', orchestrator.wire_time(new.updated_at)
    );
    return new;
end
$$;
comment on function orchestrator.write_user_context() is 'trigger function: the user record of $context.user, kept because every request asks for it';
