-- orchestrator.is_api_login: whether this session's login was itself granted orchestrator_api.
-- Membership that a superuser has in everything does not count.
create or replace function orchestrator.is_api_login()
    returns boolean
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select exists (
        select
        from pg_catalog.pg_auth_members m
        where m.roleid = 'orchestrator_api'::regrole and m.member = quote_ident(session_user)::regrole
    )
$$;
comment on function orchestrator.is_api_login() is 'true for logins that were granted orchestrator_api explicitly';
