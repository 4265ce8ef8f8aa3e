-- orchestrator.renew_session: the token that follows an expired one, or why there is none
-- The id changes once. Who comes with the old one within ten seconds gets the same new one: requests come in parallel.
create or replace function orchestrator.renew_session(p_user_id bigint, p_jti uuid, p_signed_in_at bigint, p_expired_at bigint)
returns table (problem text, jti text, signed_in_at bigint, issued_at bigint, expires_at bigint)
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_session orchestrator.sessions;
    v_user orchestrator.users;
    v_claims record;
    v_policy record;
    v_now timestamptz;
begin
    select * into v_user from orchestrator.users u where u.id = p_user_id;
    if not found then
        return query select 'NOT_EXIST_USER', null::text, null::bigint, null::bigint, null::bigint;
        return;
    end if;
    select * into v_session
    from orchestrator.sessions s
    where s.user_id = p_user_id and (s.jti = p_jti or s.renewed_jti = p_jti)
    for update;
    v_now := clock_timestamp();
    select * into strict v_policy from orchestrator.token_policy();
    problem := case
        when v_user.password_change_tz > p_signed_in_at then 'PASSWORD_CHANGED'
        when v_session.ended_at is not null then 'BLOCKED_TOKEN'
        when to_timestamp(p_signed_in_at / 1000.0) + make_interval(secs => v_policy.session_seconds) <= v_now then 'EXPIRED_SESSION'
        when v_session.jti is null then 'TOKEN_RENEW_FAILED'
        when v_session.jti = p_jti and to_timestamp(p_expired_at) + make_interval(secs => v_policy.renew_seconds) <= v_now then 'EXPIRED_SESSION'
        when v_session.jti <> p_jti and v_session.renewed_at + interval '10 seconds' <= v_now then 'TOKEN_RENEW_FAILED'
    end;
    if problem is not null then
        return next;
        return;
    end if;
    if v_session.jti = p_jti then
        select * into strict v_claims from orchestrator.session_claims(v_session.signed_in_at);
        update orchestrator.sessions s
        set
            jti = gen_random_uuid(),
            issued_at = v_claims.issued_at,
            token_expires_at = v_claims.token_expires_at,
            expires_at = v_claims.session_expires_at,
            renewed_jti = p_jti,
            renewed_at = v_now
        where s.jti = p_jti
        returning * into strict v_session;
    end if;
    return query select null::text, v_session.jti::text, v_session.signed_in_at, v_session.issued_at, v_session.token_expires_at;
end
$$;
comment on function orchestrator.renew_session(bigint, uuid, bigint, bigint) is
    'for the API: user, id, sign-in (ms) and end (s) of an expired token → the next token, or the code of the refusal';
