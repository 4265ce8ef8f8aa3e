-- orchestrator.open_session: a session for who knew the password; no row when it is another one by now
create or replace function orchestrator.open_session(p_user_id bigint, p_password_hash text, p_account text)
returns table (jti text, signed_in_at bigint, issued_at bigint, expires_at bigint)
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    -- a change of the password waits, and then ends this session as well
    perform from orchestrator.users u where u.id = p_user_id and u.password = p_password_hash for share;
    if not found then
        return;
    end if;
    perform orchestrator.clear_attempts(p_account);
    delete from orchestrator.sessions s where s.user_id = p_user_id and s.expires_at < now();
    return query
        insert into orchestrator.sessions as s (user_id, signed_in_at, issued_at, token_expires_at, expires_at)
        select p_user_id, n.ms, c.issued_at, c.token_expires_at, c.session_expires_at
        from (select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as ms) n
        cross join lateral orchestrator.session_claims(n.ms) c
        returning s.jti::text, s.signed_in_at, s.issued_at, s.token_expires_at;
end
$$;
comment on function orchestrator.open_session(bigint, text, text) is
    'for the API: user, the hash that fitted, what was typed as account → id, sign-in (ms), issue and end (s) of a new token';
