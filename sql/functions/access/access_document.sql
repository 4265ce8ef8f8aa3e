-- orchestrator.access_document: what roles may do in a data source; a role that does not exist is not in it.
-- Snippets are for what is ours, which is in the main one alone.
create or replace function orchestrator.access_document(p_roles text[], p_source text default 'main')
returns text
language sql
stable
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select jsonb_build_object(
        'revision', orchestrator.access_revision(),
        'source', p_source,
        'roles', coalesce(jsonb_agg(jsonb_build_object(
            'name', r.name,
            'strategy', case when p_source = 'main' then r.strategy else other.strategy end,
            'snippets', case when p_source = 'main' then r.snippets else '[]' end,
            'allowConfigure', r.allow_configure and p_source = 'main',
            'resources', coalesce(resources.of_role, '{}')
        ) order by array_position(p_roles, r.name)), '[]')
    )::text
    from orchestrator.roles r
    left join orchestrator.data_sources_roles other on other.role_name = r.name and other.data_source_key = p_source
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
        where rr.role_name = r.name and rr.data_source_key = p_source and rr.using_actions_config
    ) resources on true
    where r.name = any (p_roles)
$$;
comment on function orchestrator.access_document(text[], text) is
    'roles and a data source → JSON text: strategy, snippets and permissions of each, and the revision that it is of';
