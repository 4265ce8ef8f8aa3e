-- orchestrator.role_documents: the roles of a user as clients see them, by name
create or replace function orchestrator.role_documents(p_user_id bigint)
returns json
language sql
stable
security invoker
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select coalesce(
        json_agg(
            json_build_object(
                'name', r.name,
                'title', r.title,
                'description', r.description,
                'strategy', r.strategy,
                'default', r."default",
                'hidden', r.hidden,
                'allowConfigure', r.allow_configure,
                'allowNewMenu', r.allow_new_menu,
                'snippets', r.snippets,
                'createdAt', orchestrator.wire_time(r.created_at),
                'updatedAt', orchestrator.wire_time(r.updated_at),
                'rolesUsers', json_build_object(
                    'userId', ru.user_id,
                    'roleName', ru.role_name,
                    'default', ru."default",
                    'createdAt', orchestrator.wire_time(ru.created_at),
                    'updatedAt', orchestrator.wire_time(ru.updated_at)
                ),
                '_pivot_', null
            )
            order by r.name
        ),
        '[]'
    )
    from orchestrator.roles_users ru
    join orchestrator.roles r on r.name = ru.role_name
    where ru.user_id = p_user_id
$$;
comment on function orchestrator.role_documents(bigint) is 'the roles of a user as a JSON list';
