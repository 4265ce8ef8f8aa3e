-- What roles may do, as the HTTP API reads it; see system_collections.sql.

create or replace view orchestrator.api_data_sources_roles as
    select 'main'::text as "dataSourceKey", r.name as "roleName", r.strategy
    from orchestrator.roles r
    union all
    select d.data_source_key, d.role_name, d.strategy
    from orchestrator.data_sources_roles d;
comment on view orchestrator.api_data_sources_roles is 'resource dataSources/<key>/roles of the HTTP API';

create or replace view orchestrator.api_data_sources_roles_resources as
    select
        r.id,
        r.data_source_key as "dataSourceKey",
        r.role_name as "roleName",
        r.name,
        r.using_actions_config as "usingActionsConfig",
        r.created_at as "createdAt",
        r.updated_at as "updatedAt"
    from orchestrator.data_sources_roles_resources r;
comment on view orchestrator.api_data_sources_roles_resources is 'resources roles/<name>/resources and dataSourceResources of the HTTP API';

create or replace view orchestrator.api_data_sources_roles_resources_actions as
    select
        a.id,
        a.roles_resource_id as "rolesResourceId",
        a.name,
        a.fields,
        a.scope_id as "scopeId",
        a.created_at as "createdAt",
        a.updated_at as "updatedAt"
    from orchestrator.data_sources_roles_resources_actions a;
comment on view orchestrator.api_data_sources_roles_resources_actions is 'actions of the permissions of roles for the HTTP API';

create or replace view orchestrator.api_data_sources_roles_resources_scopes as
    select
        s.id,
        s.key,
        s.data_source_key as "dataSourceKey",
        s.name,
        s.resource_name as "resourceName",
        s.scope,
        s.created_at as "createdAt",
        s.updated_at as "updatedAt"
    from orchestrator.data_sources_roles_resources_scopes s;
comment on view orchestrator.api_data_sources_roles_resources_scopes is 'resource dataSourcesRolesResourcesScopes of the HTTP API';

create or replace view orchestrator.api_roles_collections as
    select
        r.name as "roleName",
        c.name,
        'main'::text as "dataSourceKey",
        'collection'::text as type,
        c.name as "collectionName",
        c.title,
        c.hidden,
        c.sort,
        p.id is not null as "exists",
        case when p.using_actions_config then 'resourceAction' else 'strategy' end as "usingConfig"
    from orchestrator.roles r
    cross join orchestrator.api_collections c
    left join orchestrator.data_sources_roles_resources p
        on p.role_name = r.name and p.data_source_key = 'main' and p.name = c.name;
comment on view orchestrator.api_roles_collections is 'resources roles/<name>/collections and dataSourcesCollections of the HTTP API: what decides about each collection';
