"""The catalog as a role sees it."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.access.access import Access
from orchestrator.model.collection import Catalog

__all__ = ["visible"]


def visible(access: Access, catalog: Catalog) -> Catalog:
    """Collections, columns and relations that may be viewed."""
    grants = {collection.name: access.grant(collection.name, "view") for collection in catalog}
    collections = {}
    for collection in catalog:
        grant = grants[collection.name]
        if grant is None:
            continue
        fields = {
            name: field for name, field in collection.fields.items() if grant.fields is None or name in grant.fields
        }
        associations = {
            name: association
            for name, association in collection.associations.items()
            if (grant.relations is None or name in grant.relations) and grants.get(association.target) is not None
        }
        collections[collection.name] = replace(collection, fields=fields, associations=associations)
    return replace(catalog, collections=collections)
