"""Our own tables as collections: what sql/views/system_collections.sql shows, under the names clients know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from orchestrator.model.collection import Association, AssociationType, Catalog, Collection
from orchestrator.model.own import TIMES, joined, own_collection
from orchestrator.model.people import PEOPLE

__all__ = ["SYSTEM", "with_system"]

_AUTHORS = {"createdById": "bigint", "updatedById": "bigint"}


def _collection(
    name: str, key: str | tuple[str, ...], columns: Mapping[str, str], *associations: Association
) -> Collection:
    return own_collection(name, _VIEWS.get(name, f"api_{name}"), key, columns, *associations)


#: views that are not named after their resource
_VIEWS = {
    "apiKeys": "api_api_keys",
    "workflowStats": "api_workflow_stats",
    "workflowVersionStats": "api_workflow_version_stats",
    "workflowCategories": "api_workflow_categories",
    "workflowCategoryRelations": "api_workflow_category_relations",
    "dataSourcesRoles": "api_data_sources_roles",
    "dataSourcesRolesResources": "api_data_sources_roles_resources",
    "dataSourcesRolesResourcesActions": "api_data_sources_roles_resources_actions",
    "dataSourcesRolesResourcesScopes": "api_data_sources_roles_resources_scopes",
    "rolesCollections": "api_roles_collections",
    "collectionCategories": "api_collection_categories",
    "collectionCategory": "api_collection_category_relations",
}


def _relation(name: str, kind: AssociationType, target: str, foreign_key: str, source_key: str = "id") -> Association:
    return Association(
        name=name, type=kind, target=target, foreign_key=foreign_key, source_key=source_key, target_key="id"
    )


def _with_relations(collection: Collection, *associations: Association) -> Collection:
    return replace(collection, associations={**collection.associations, **{a.name: a for a in associations}})


#: by name; they can be read, and written through their own actions alone
SYSTEM: Mapping[str, Collection] = {
    collection.name: collection
    for collection in (
        _collection(
            "workflows",
            "id",
            {
                "id": "bigint",
                "key": "text",
                "title": "text",
                "description": "text",
                "type": "text",
                "triggerTitle": "text",
                "config": "jsonb",
                "enabled": "boolean",
                "current": "boolean",
                "sync": "boolean",
                "invalid": "boolean",
                "options": "jsonb",
                "executed": "integer",
                "allExecuted": "integer",
                **_AUTHORS,
                **TIMES,
            },
            _relation("nodes", "hasMany", "flow_nodes", "workflowId"),
            _relation("executions", "hasMany", "executions", "workflowId"),
            _relation("revisions", "hasMany", "workflows", "key", "key"),
            _relation("stats", "hasOne", "workflowStats", "key", "key"),
            _relation("versionStats", "hasOne", "workflowVersionStats", "id"),
            joined(
                "categories",
                "workflowCategories",
                ("id", "id"),
                ("workflowId", "categoryId"),
                "workflowCategoryRelations",
            ),
        ),
        _collection("workflowStats", "key", {"key": "text", "executed": "bigint", **TIMES}),
        _collection("workflowVersionStats", "id", {"id": "bigint", "executed": "bigint", **TIMES}),
        _collection(
            "workflowCategories",
            "id",
            {"id": "bigint", "title": "text", "color": "text", "sort": "integer", **TIMES},
            joined(
                "workflows",
                "workflows",
                ("id", "id"),
                ("categoryId", "workflowId"),
                "workflowCategoryRelations",
            ),
        ),
        _collection(
            "workflowCategoryRelations",
            ("workflowId", "categoryId"),
            {"workflowId": "bigint", "categoryId": "bigint", **TIMES},
        ),
        _collection(
            "flow_nodes",
            "id",
            {
                "id": "bigint",
                "key": "text",
                "title": "text",
                "workflowId": "bigint",
                "type": "text",
                "config": "jsonb",
                "upstreamId": "bigint",
                "downstreamId": "bigint",
                "branchIndex": "integer",
                **TIMES,
            },
            _relation("workflow", "belongsTo", "workflows", "workflowId"),
            _relation("upstream", "belongsTo", "flow_nodes", "upstreamId"),
            _relation("downstream", "belongsTo", "flow_nodes", "downstreamId"),
            _relation("branches", "hasMany", "flow_nodes", "upstreamId"),
        ),
        _collection(
            "executions",
            "id",
            {
                "id": "bigint",
                "workflowId": "bigint",
                "key": "text",
                "eventKey": "text",
                "context": "json",
                "status": "smallint",
                "reason": "text",
                "dispatched": "boolean",
                "manually": "boolean",
                "parentExecutionId": "bigint",
                "stack": "jsonb",
                "output": "jsonb",
                "startedAt": "timestamp with time zone",
                "expiresAt": "timestamp with time zone",
                **TIMES,
            },
            _relation("jobs", "hasMany", "jobs", "executionId"),
            _relation("workflow", "belongsTo", "workflows", "workflowId"),
        ),
        _collection(
            "jobs",
            "id",
            {
                "id": "bigint",
                "executionId": "bigint",
                "nodeId": "bigint",
                "nodeKey": "text",
                "upstreamId": "bigint",
                "status": "integer",
                "result": "jsonb",
                "meta": "jsonb",
                "log": "text",
                "startedAt": "timestamp with time zone",
                **TIMES,
            },
            _relation("execution", "belongsTo", "executions", "executionId"),
            _relation("node", "belongsTo", "flow_nodes", "nodeId"),
        ),
        PEOPLE["users"],
        _with_relations(
            PEOPLE["roles"],
            _relation("resources", "hasMany", "dataSourcesRolesResources", "roleName", "name"),
            _relation("dataSourceResources", "hasMany", "dataSourcesRolesResources", "roleName", "name"),
            _relation("collections", "hasMany", "rolesCollections", "roleName", "name"),
            _relation("dataSourcesCollections", "hasMany", "rolesCollections", "roleName", "name"),
        ),
        PEOPLE["rolesUsers"],
        _collection(
            "dataSourcesRoles",
            ("dataSourceKey", "roleName"),
            {"dataSourceKey": "text", "roleName": "text", "strategy": "jsonb"},
        ),
        _collection(
            "dataSourcesRolesResources",
            "id",
            {
                "id": "bigint",
                "dataSourceKey": "text",
                "roleName": "text",
                "name": "text",
                "usingActionsConfig": "boolean",
                **TIMES,
            },
            _relation("actions", "hasMany", "dataSourcesRolesResourcesActions", "rolesResourceId"),
        ),
        _collection(
            "dataSourcesRolesResourcesActions",
            "id",
            {
                "id": "bigint",
                "rolesResourceId": "bigint",
                "name": "text",
                "fields": "jsonb",
                "scopeId": "bigint",
                **TIMES,
            },
            _relation("scope", "belongsTo", "dataSourcesRolesResourcesScopes", "scopeId"),
        ),
        _collection(
            "dataSourcesRolesResourcesScopes",
            "id",
            {
                "id": "bigint",
                "key": "text",
                "dataSourceKey": "text",
                "name": "text",
                "resourceName": "text",
                "scope": "jsonb",
                **TIMES,
            },
        ),
        _collection(
            "rolesCollections",
            ("roleName", "name"),
            {
                "roleName": "text",
                "name": "text",
                "dataSourceKey": "text",
                "type": "text",
                "collectionName": "text",
                "title": "text",
                "hidden": "boolean",
                "sort": "bigint",
                "exists": "boolean",
                "usingConfig": "text",
            },
        ),
        _collection(
            "collections",
            "name",
            {
                "name": "text",
                "key": "text",
                "title": "text",
                "hidden": "boolean",
                "inherit": "boolean",
                "description": "text",
                "sort": "bigint",
                "options": "jsonb",
                "document": "jsonb",
            },
            _relation("fields", "hasMany", "fields", "collectionName", "name"),
            joined(
                "category",
                "collectionCategories",
                ("name", "id"),
                ("collectionName", "categoryId"),
                "collectionCategory",
            ),
        ),
        _collection(
            "collectionCategories",
            "id",
            {"id": "bigint", "name": "text", "color": "text", "sort": "integer", **TIMES},
        ),
        _collection(
            "collectionCategory",
            ("collectionName", "categoryId"),
            {"collectionName": "text", "categoryId": "bigint"},
        ),
        _collection(
            "fields",
            "key",
            {
                "key": "text",
                "name": "text",
                "type": "text",
                "interface": "text",
                "collectionName": "text",
                "description": "text",
                "sort": "integer",
                "options": "jsonb",
                "document": "jsonb",
            },
        ),
        _collection(
            "authenticators",
            "id",
            {
                "id": "bigint",
                "name": "text",
                "authType": "text",
                "title": "text",
                "description": "text",
                "enabled": "boolean",
                "options": "jsonb",
                "sort": "bigint",
                **_AUTHORS,
                **TIMES,
            },
        ),
        _collection(
            "apiKeys",
            "id",
            {
                "id": "bigint",
                "name": "text",
                "roleName": "text",
                "expiresIn": "text",
                "expiresAt": "timestamp with time zone",
                "createdById": "bigint",
                **TIMES,
            },
            Association(
                name="role",
                type="belongsTo",
                target="roles",
                foreign_key="roleName",
                source_key="name",
                target_key="name",
            ),
        ),
    )
}


def with_system(catalog: Catalog) -> Catalog:
    """The catalog with our own tables in it; a managed table of such a name is shadowed."""
    return replace(catalog, collections={**catalog.collections, **SYSTEM})
