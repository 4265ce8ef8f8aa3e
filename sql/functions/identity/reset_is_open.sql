-- orchestrator.reset_is_open: whether a reset token can still be used
create or replace function orchestrator.reset_is_open(p_token_hash text)
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select exists (
        select from orchestrator.password_resets r where r.token_hash = decode(p_token_hash, 'hex') and r.expires_at > now()
    )
$$;
comment on function orchestrator.reset_is_open(text) is 'for the API: SHA-256 of a reset token → true until it is used or expires';
