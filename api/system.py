"""Our own tables as collections: what sql/views/system_collections.sql shows, under the names clients know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from orchestrator.model.collection import Association, AssociationType, Catalog, Collection, Field
from orchestrator.model.people import PEOPLE

__all__ = ["SYSTEM", "with_system"]

_WIRE_TYPES = {
    "bigint": "bigInt",
    "integer": "integer",
    "smallint": "integer",
    "text": "string",
    "boolean": "boolean",
    "json": "json",
    "jsonb": "jsonb",
    "timestamp with time zone": "datetimeTz",
}
_TIMES = {"createdAt": "timestamp with time zone", "updatedAt": "timestamp with time zone"}
_AUTHORS = {"createdById": "bigint", "updatedById": "bigint"}


def _collection(
    name: str, key: str | tuple[str, ...], columns: Mapping[str, str], *associations: Association
) -> Collection:
    """A resource over the view `orchestrator.api_…`; columns by name with their PostgreSQL type."""
    keys = (key,) if isinstance(key, str) else key
    fields = (
        Field(name=column, type=_WIRE_TYPES[pg_type], pg_type=pg_type, primary_key=column in keys)
        for column, pg_type in columns.items()
    )
    return Collection(
        name=name,
        schema="orchestrator",
        table=_VIEWS.get(name, f"api_{name}"),
        oid=0,
        filter_target_key=key,
        fields={field.name: field for field in fields},
        associations={association.name: association for association in associations},
    )


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


def _through(
    name: str, target: str, keys: tuple[str, str], foreign: tuple[str, str], through: str = "rolesUsers"
) -> Association:
    """Two sides of a join table, seen from one of them."""
    return Association(
        name=name,
        type="belongsToMany",
        target=target,
        source_key=keys[0],
        target_key=keys[1],
        foreign_key=foreign[0],
        other_key=foreign[1],
        through=through,
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
                **_TIMES,
            },
            _relation("nodes", "hasMany", "flow_nodes", "workflowId"),
            _relation("executions", "hasMany", "executions", "workflowId"),
            _relation("revisions", "hasMany", "workflows", "key", "key"),
            _relation("stats", "hasOne", "workflowStats", "key", "key"),
            _relation("versionStats", "hasOne", "workflowVersionStats", "id"),
            _through(
                "categories",
                "workflowCategories",
                ("id", "id"),
                ("workflowId", "categoryId"),
                "workflowCategoryRelations",
            ),
        ),
        _collection("workflowStats", "key", {"key": "text", "executed": "bigint", **_TIMES}),
        _collection("workflowVersionStats", "id", {"id": "bigint", "executed": "bigint", **_TIMES}),
        _collection(
            "workflowCategories",
            "id",
            {"id": "bigint", "title": "text", "color": "text", "sort": "integer", **_TIMES},
            _through(
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
            {"workflowId": "bigint", "categoryId": "bigint", **_TIMES},
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
                **_TIMES,
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
                **_TIMES,
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
                **_TIMES,
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
                **_TIMES,
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
                **_TIMES,
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
                **_TIMES,
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
            _through(
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
            {"id": "bigint", "name": "text", "color": "text", "sort": "integer", **_TIMES},
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
                **_TIMES,
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
                **_TIMES,
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
