-- orchestrator.token_policy: how long tokens and sessions live, in seconds; what is missing or no duration has its default
create or replace function orchestrator.token_policy()
returns table (token_seconds bigint, session_seconds bigint, renew_seconds bigint)
language sql
stable
security invoker
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select
        coalesce(orchestrator.duration_seconds(config ->> 'tokenExpirationTime'), 86400),
        coalesce(orchestrator.duration_seconds(config ->> 'sessionExpirationTime'), 604800),
        coalesce(orchestrator.duration_seconds(config ->> 'expiredTokenRenewLimit'), 86400)
    from (select (select s.config from orchestrator.identity_settings s where s.key = 'token-policy-config') as config) policy
$$;
comment on function orchestrator.token_policy() is 'life of a token, life of a session, and how long after its end a token can be renewed';
