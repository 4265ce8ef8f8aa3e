-- orchestrator.access_document: what roles may do in the main data source; a role that does not exist is not in it
create or replace function orchestrator.access_document(p_roles text[])
returns text
language sql
stable
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select jsonb_build_object(
        'revision', orchestrator.access_revision(),
        'roles', coalesce(jsonb_agg(jsonb_build_object(
            'name', r.name,
            'strategy', r.strategy,
            'snippets', r.snippets,
            'allowConfigure', r.allow_configure,
            'resources', coalesce(resources.of_role, '{}')
        ) order by array_position(p_roles, r.name)), '[]')
    )::text
    from orchestrator.roles r
    left join lateral (
        select jsonb_object_agg(rr.name, coalesce(actions.of_resource, '{}')) as of_role
        from orchestrator.data_sources_roles_resources rr
        left join lateral (
            select jsonb_object_agg(a.name, jsonb_build_object(
                'fields', a.fields,
                'scope', case s.key when 'own' then '"own"' when 'all' then null else s.scope end
            )) as of_resource
            from orchestrator.data_sources_roles_resources_actions a
            left join orchestrator.data_sources_roles_resources_scopes s on s.id = a.scope_id
            where a.roles_resource_id = rr.id
        ) actions on true
        where rr.role_name = r.name and rr.data_source_key = 'main' and rr.using_actions_config
    ) resources on true
    where r.name = any (p_roles)
$$;
comment on function orchestrator.access_document(text[]) is
    'roles → JSON text: strategy, snippets and permissions of each, and the revision that it is of';
