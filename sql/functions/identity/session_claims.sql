-- orchestrator.session_claims: when a token that is issued now was issued and expires, never later than its session
create or replace function orchestrator.session_claims(p_signed_in_at bigint)
returns table (issued_at bigint, token_expires_at bigint, session_expires_at timestamptz)
language sql
volatile
security invoker
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select
        now.seconds,
        least(now.seconds + p.token_seconds, p_signed_in_at / 1000 + p.session_seconds),
        to_timestamp(p_signed_in_at / 1000.0) + make_interval(secs => p.session_seconds)
    from orchestrator.token_policy() p
    cross join (select floor(extract(epoch from clock_timestamp()))::bigint as seconds) now
$$;
comment on function orchestrator.session_claims(bigint) is 'sign-in (ms) → a token''s issue and end (s), and the session''s end, by the policy';
