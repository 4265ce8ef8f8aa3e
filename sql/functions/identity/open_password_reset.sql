-- orchestrator.open_password_reset: a token that sets this user's password, once; it replaces earlier ones
create or replace function orchestrator.open_password_reset(p_user_id bigint, p_token_hash text, p_expires_at bigint)
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    perform from orchestrator.users u where u.id = p_user_id for share;
    if not found then
        return false;
    end if;
    delete from orchestrator.password_resets r where r.user_id = p_user_id or r.expires_at < now();
    insert into orchestrator.password_resets (token_hash, user_id, expires_at)
    values (decode(p_token_hash, 'hex'), p_user_id, to_timestamp(p_expires_at));
    return true;
end
$$;
comment on function orchestrator.open_password_reset(bigint, text, bigint) is
    'for the API: user, SHA-256 of the token, its end (s) → false when there is no such user';
