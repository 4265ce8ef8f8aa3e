-- orchestrator.keep_api_key: a key from now on counts; its token is not kept, its hash is
create or replace function orchestrator.keep_api_key(
    p_user_id bigint, p_name text, p_role_name text, p_expires_in text, p_expires_at bigint, p_token_hash text
)
returns bigint
language sql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    insert into orchestrator.api_keys (user_id, name, role_name, expires_in, expires_at, token_hash)
    values (
        p_user_id, p_name, p_role_name, p_expires_in,
        case when p_expires_in <> 'never' then to_timestamp(p_expires_at) end,
        decode(p_token_hash, 'hex')
    )
    returning id
$$;
comment on function orchestrator.keep_api_key(bigint, text, text, text, bigint, text) is
    'for the API: user, name, role, life, end (s), SHA-256 of the token → id of the key';
