-- orchestrator.token_state: whether a token that is sound still counts, and what the API has to know of its user
-- A session's token is known by its id, a key by the hash of its text. Whatever is not on record does not count.
create or replace function orchestrator.token_state(p_user_id bigint, p_token text, p_is_key boolean)
returns table (problem text, roles text[], role_mode text, union_by_default boolean, document text)
language plpgsql
stable
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_password_change bigint;
    v_session orchestrator.sessions;
    v_key orchestrator.api_keys;
begin
    select u.password_change_tz, u.union_by_default into v_password_change, union_by_default
    from orchestrator.users u
    where u.id = p_user_id;
    if not found then
        problem := 'NOT_EXIST_USER';
    elsif p_is_key then
        select * into v_key from orchestrator.api_keys k where k.user_id = p_user_id and k.token_hash = decode(p_token, 'hex');
        problem := case
            when v_key.id is null then 'BLOCKED_TOKEN'
            when v_key.expires_at <= now() then 'EXPIRED_SESSION'
            when not exists (select from orchestrator.roles r where r.name = v_key.role_name) then 'ROLE_NOT_FOUND_ERR'
        end;
    else
        select * into v_session
        from orchestrator.sessions s
        where
            s.user_id = p_user_id
            and (s.jti = p_token::uuid or (s.renewed_jti = p_token::uuid and s.renewed_at > now() - interval '10 seconds'));
        problem := case
            when v_session.signed_in_at < v_password_change then 'PASSWORD_CHANGED'
            when v_session.jti is null or v_session.ended_at is not null then 'BLOCKED_TOKEN'
        end;
    end if;
    if problem is null then
        roles := array(
            select ru.role_name
            from orchestrator.roles_users ru
            where ru.user_id = p_user_id
            order by ru."default" is true desc, ru.created_at, ru.role_name
        );
        role_mode := (select s.config ->> 'roleMode' from orchestrator.identity_settings s where s.key = 'roles');
        document := (orchestrator.user_context(p_user_id) || jsonb_build_object('roles', orchestrator.role_documents(p_user_id)))::text;
    end if;
    return next;
end
$$;
comment on function orchestrator.token_state(bigint, text, boolean) is
    'for the API: the code of a refusal, or roles (the default one comes first), how they act, and the user with his roles as JSON';
