-- orchestrator.session_user_of: what the API has to know of a user with every request; no row when he is gone.
create or replace function orchestrator.session_user_of(p_user_id bigint)
    returns table (roles text[], password_changed_at bigint, document text)
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select
        coalesce(r.names, '{}'),
        u.password_change_tz,
        (orchestrator.user_context(u.id) || jsonb_build_object('roles', orchestrator.role_documents(u.id)))::text
    from orchestrator.users u
    cross join lateral (
        select array_agg(ru.role_name order by ru."default" is true desc, ru.created_at, ru.role_name) as names
        from orchestrator.roles_users ru
        where ru.user_id = u.id
    ) r
    where u.id = p_user_id
$$;
comment on function orchestrator.session_user_of(bigint) is
    'for the API: roles (the one that acts when none is named comes first), when the password changed (ms), and the user with his roles as JSON';
