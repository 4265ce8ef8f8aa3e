-- orchestrator.reset_password: a new password for the user of a reset token, which is used up by it
create or replace function orchestrator.reset_password(p_token_hash text, p_password_hash text)
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_user_id bigint;
begin
    delete from orchestrator.password_resets r
    where r.token_hash = decode(p_token_hash, 'hex') and r.expires_at > now()
    returning r.user_id into v_user_id;
    if v_user_id is null then
        return false;
    end if;
    update orchestrator.users u set password = p_password_hash, updated_at = now() where u.id = v_user_id;
    return found;
end
$$;
comment on function orchestrator.reset_password(text, text) is
    'for the API: SHA-256 of a reset token and a hash → false when the token was used or has expired';
