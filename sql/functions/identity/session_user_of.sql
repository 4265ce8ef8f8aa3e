-- orchestrator.session_user_of: what the API has to know of a user with every request; no row when he is gone
create or replace function orchestrator.session_user_of(p_user_id bigint)
returns table (roles text[], default_role text, password_changed_at bigint, document text)
language sql
stable
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select
        coalesce(r.names, '{}'),
        r.names[1],
        u.password_change_tz,
        (orchestrator.user_document(u)::jsonb || jsonb_build_object('roles', orchestrator.role_documents(u.id)))::text
    from orchestrator.users u
    cross join lateral (
        select array_agg(ru.role_name order by ru."default" is true desc, ru.role_name) as names
        from orchestrator.roles_users ru
        where ru.user_id = u.id
    ) r
    where u.id = p_user_id
$$;
comment on function orchestrator.session_user_of(bigint) is
    'for the API: roles (the default one, else the first by name, comes first), when the password changed (ms), and the user with his roles as JSON';
