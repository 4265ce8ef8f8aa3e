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
        join pg_catalog.pg_roles login on login.oid = m.member
        join pg_catalog.pg_roles api on api.oid = m.roleid
        where login.rolname = session_user and api.rolname = 'orchestrator_api'
    )
$$;
comment on function orchestrator.is_api_login() is 'true for logins that were granted orchestrator_api explicitly';
