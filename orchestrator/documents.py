"""Workflow documents as files: YAML or JSON in, YAML out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import yaml

from orchestrator.errors import InvalidError, NotFoundError

__all__ = ["apply", "export", "read"]

#: jsonb forgets the order of keys; people read documents in this one
_DOCUMENT_ORDER = ("key", "title", "description", "type", "sync", "enabled", "config", "options", "nodes")
_NODE_ORDER = ("key", "type", "title", "config", "branches")


class _Loader(yaml.SafeLoader):
    """YAML's types that JSON has too: a date stays the text it was."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Dumper(yaml.SafeDumper):
    """Lists stand out from their key; texts of several lines as blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


def _represent_decimal(dumper: _Dumper, number: Decimal) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:float", str(number))


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(Decimal, _represent_decimal)


def read(path: Path) -> list[dict[str, Any]]:
    """The documents of a file; a YAML file may hold several."""
    text = path.read_text(encoding="utf-8")
    try:
        if path.suffix == ".json":
            loaded = json.loads(text, parse_float=Decimal)
            documents = loaded if isinstance(loaded, list) else [loaded]
        else:
            documents = [document for document in yaml.load_all(text, _Loader) if document is not None]
    except (yaml.YAMLError, json.JSONDecodeError) as error:
        raise InvalidError(f'"{path}" cannot be read: {" ".join(str(error).split())}') from None
    for document in documents:
        if not isinstance(document, dict):
            raise InvalidError(f'"{path}" holds something that is not a workflow document')
    return documents


def apply(connection: psycopg.Connection[Any], paths: Iterable[Path]) -> list[tuple[str, int]]:
    """Define every document of the files, all or none; return key and id of each current version."""
    documents = [document for path in paths for document in read(path)]
    defined = []
    with connection.transaction():
        for document in documents:
            text = json.dumps(document, default=_plain_number)
            (version,) = connection.execute("select orchestrator.define(%s::jsonb)", (text,)).fetchone() or (0,)
            (key,) = connection.execute(
                "select key from orchestrator.workflows where id = %s", (version,)
            ).fetchone() or ("",)
            defined.append((key, version))
    return defined


def export(connection: psycopg.Connection[Any], key: str) -> str:
    """The current version of a workflow as YAML."""
    row = connection.execute("select orchestrator.document(%s)::text", (key,)).fetchone()
    if row is None or row[0] is None:
        raise NotFoundError(f'workflow "{key}" does not exist')
    document = _arranged(json.loads(row[0], parse_float=Decimal))
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def _plain_number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise InvalidError(f'a document cannot hold a value of type "{type(value).__name__}"')


def _arranged(document: Mapping[str, Any]) -> dict[str, Any]:
    arranged = _in_order(document, _DOCUMENT_ORDER)
    if "nodes" in arranged:
        arranged["nodes"] = [_arranged_node(node) for node in arranged["nodes"]]
    return arranged


def _arranged_node(node: Mapping[str, Any]) -> dict[str, Any]:
    arranged = _in_order(node, _NODE_ORDER)
    if "branches" in arranged:
        arranged["branches"] = {
            int(index) if index.lstrip("-").isdigit() else index: [_arranged_node(child) for child in line]
            for index, line in arranged["branches"].items()
        }
    return arranged


def _in_order(mapping: Mapping[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    known = {name: mapping[name] for name in order if name in mapping}
    return {**known, **{name: value for name, value in mapping.items() if name not in known}}
