-- orchestrator.end_session: a token counts no longer; a key is deleted
create or replace function orchestrator.end_session(p_user_id bigint, p_token text, p_is_key boolean)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    if p_is_key then
        delete from orchestrator.api_keys k where k.user_id = p_user_id and k.token_hash = decode(p_token, 'hex');
    else
        update orchestrator.sessions s
        set ended_at = now()
        where s.user_id = p_user_id and (s.jti = p_token::uuid or s.renewed_jti = p_token::uuid) and s.ended_at is null;
    end if;
end
$$;
comment on function orchestrator.end_session(bigint, text, boolean) is 'for the API: user and token → signed out, announced to every process';
