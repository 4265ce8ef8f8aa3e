"""Documents: each field wrong once is named by its path."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from orchestrator.compiler.syntax import parse
from orchestrator.errors import InvalidDocumentError, Problem

COLLECTIONS = {"expenses", "items"}
DELETED = object()

QUESTION = {"group": {"type": "and", "calculations": [{"calculator": "gt", "operands": ["{{$context.data.x}}", 5]}]}}

DOCUMENT: dict[str, Any] = {
    "key": "everything",
    "title": "Every node type",
    "description": None,
    "type": "action",
    "triggerTitle": "after",
    "sync": True,
    "enabled": True,
    "config": {"collection": "expenses", "global": True, "actions": ["create", "update"], "appends": ["items"]},
    "options": {"timeout": 0, "stackLimit": 1, "deleteExecutionOnStatus": [1], "custom": {"kept": True}},
    "nodes": [
        {
            "key": "ask",
            "type": "condition",
            "title": "Above?",
            "config": {"rejectOnFalse": False, "engine": "basic", "calculation": QUESTION},
            "branches": {
                "0": [{"key": "no", "type": "output", "config": {"value": 1}}],
                "1": [
                    {"key": "say", "type": "response-message", "config": {"message": "no"}},
                    {"key": "stop", "type": "end", "config": {"endStatus": -1}},
                ],
            },
        },
        {
            "key": "which",
            "type": "multi-conditions",
            "config": {
                "conditions": [{"uid": "a", "engine": "math.js", "expression": "1 == 1"}],
                "continueOnNoMatch": True,
            },
            "branches": {"1": [{"key": "first", "type": "variable", "config": {"target": None, "value": 1}}]},
        },
        {
            "key": "each",
            "type": "loop",
            "config": {"target": 2, "exit": 0, "condition": {"checkpoint": 1, "continueOnFalse": True}},
            "branches": {"0": [{"key": "sum", "type": "calculation", "config": {"engine": "math.js"}}]},
        },
        {
            "key": "both",
            "type": "parallel",
            "config": {"mode": "any"},
            "branches": {
                "0": [{"key": "find", "type": "query", "config": {"collection": "items", "params": {"filter": {}}}}],
                "4": [{"key": "make", "type": "create", "config": {"collection": "items", "params": {"values": {}}}}],
            },
        },
        {"key": "change", "type": "update", "config": {"collection": "main:items", "params": {"filter": {}}}},
        {"key": "drop", "type": "destroy", "config": {"collection": "items", "params": {"filter": {}}}},
        {"key": "text", "type": "sql", "config": {"sql": "select :x", "variables": [{"name": "x", "value": 1}]}},
    ],
}

WRONG: list[tuple[str, Any, str, str]] = [
    ("surprise", 1, "surprise", '"surprise" is not allowed'),
    ("key", 5, "key", '"key" must be a string'),
    ("key", "a,b", "key", '"key" must be a text without blanks, commas and exclamation marks'),
    ("key", "", "key", '"key" must be a text without blanks, commas and exclamation marks'),
    ("title", 5, "title", '"title" must be a string'),
    ("description", [], "description", '"description" must be a string'),
    ("triggerTitle", {}, "triggerTitle", '"triggerTitle" must be a string'),
    ("type", DELETED, "type", "Trigger type is required"),
    ("type", 5, "type", '"type" must be a string'),
    ("type", "schedule", "type", 'Trigger type "schedule" is not registered'),
    ("sync", "yes", "sync", '"sync" must be a boolean'),
    ("sync", None, "sync", '"sync" must be a boolean'),
    ("enabled", 1, "enabled", '"enabled" must be a boolean'),
    ("config", DELETED, "config", '"config" is required'),
    ("config", "expenses", "config", '"config" must be of type object'),
    ("config.collection", DELETED, "config.collection", '"collection" is required'),
    ("config.collection", 5, "config.collection", '"collection" must be a string'),
    (
        "config.collection",
        "nowhere",
        "config.collection",
        'Collection "nowhere" does not exist in data source "main"',
    ),
    ("config.collection", "other:expenses", "config.collection", 'Data source "other" does not exist'),
    (
        "config.collection",
        "a:b:c",
        "config.collection",
        '"collection" must be in the format "dataSourceName:collectionName"',
    ),
    ("config.global", "true", "config.global", '"global" must be a boolean'),
    ("config.actions", "create", "config.actions", '"actions" must be an array'),
    ("config.actions[1]", "destroy", "config.actions[1]", '"actions[1]" must be one of [create, update]'),
    ("config.appends", {}, "config.appends", '"appends" must be an array'),
    ("config.appends[0]", 1, "config.appends[0]", '"appends[0]" must be a string'),
    ("options", [], "options", '"options" must be of type object'),
    ("options.timeout", "5", "options.timeout", '"options.timeout" must be an integer'),
    ("options.timeout", -1, "options.timeout", '"options.timeout" must be greater than or equal to 0'),
    ("options.timeout", 1.5, "options.timeout", '"options.timeout" must be an integer'),
    ("options.stackLimit", 0, "options.stackLimit", '"options.stackLimit" must be greater than or equal to 1'),
    ("options.stackLimit", True, "options.stackLimit", '"options.stackLimit" must be an integer'),
    (
        "options.deleteExecutionOnStatus",
        1,
        "options.deleteExecutionOnStatus",
        '"options.deleteExecutionOnStatus" must be an array',
    ),
    (
        "options.deleteExecutionOnStatus[0]",
        "1",
        "options.deleteExecutionOnStatus[0]",
        '"options.deleteExecutionOnStatus[0]" must be an integer',
    ),
    ("nodes", {}, "nodes", '"nodes" must be an array'),
    ("nodes[0]", "end", "nodes[0]", '"nodes[0]" must be of type object'),
    ("nodes[0].surprise", 1, "nodes[0].surprise", '"surprise" is not allowed'),
    ("nodes[0].key", 5, "nodes[0].key", '"key" must be a string'),
    ("nodes[0].key", "", "nodes[0].key", '"key" is not allowed to be empty'),
    ("nodes[2].key", "stop", "nodes[2].key", 'node key "stop" is used twice'),
    ("nodes[0].title", 5, "nodes[0].title", '"title" must be a string'),
    ("nodes[0].type", DELETED, "nodes[0].type", "Node type is required"),
    ("nodes[0].type", "nope", "nodes[0].type", 'Node type "nope" is not registered'),
    ("nodes[0].config", [], "nodes[0].config", '"config" must be of type object'),
    ("nodes[0].config", DELETED, "nodes[0].config.rejectOnFalse", '"rejectOnFalse" is required'),
    ("nodes[0].config.rejectOnFalse", DELETED, "nodes[0].config.rejectOnFalse", '"rejectOnFalse" is required'),
    ("nodes[0].config.rejectOnFalse", 0, "nodes[0].config.rejectOnFalse", '"rejectOnFalse" must be a boolean'),
    (
        "nodes[0].config.engine",
        "python",
        "nodes[0].config.engine",
        '"engine" must be one of [basic, math.js, formula.js]',
    ),
    ("nodes[0].config.expression", 1, "nodes[0].config.expression", '"expression" must be a string'),
    ("nodes[0].config.calculation", [], "nodes[0].config.calculation", '"calculation" must be of type object'),
    (
        "nodes[0].config.calculation.group.type",
        "xor",
        "nodes[0].config.calculation.group.type",
        '"calculation.group.type" must be one of [and, or]',
    ),
    (
        "nodes[0].config.calculation.group.calculations",
        {},
        "nodes[0].config.calculation.group.calculations",
        '"calculation.group.calculations" must be an array',
    ),
    (
        "nodes[0].config.calculation.group.calculations[0].operands",
        5,
        "nodes[0].config.calculation.group.calculations[0].operands",
        '"calculation.group.calculations[0].operands" must be an array',
    ),
    ("nodes[0].branches", [], "nodes[0].branches", '"branches" must be of type object'),
    ("nodes[0].branches.1", {}, "nodes[0].branches.1", '"branches.1" must be an array'),
    ("nodes[0].branches.yes", [], "nodes[0].branches.yes", '"branches.yes" must be a branch index'),
    ("nodes[0].branches.01", [], "nodes[0].branches.01", '"branches.01" must be a branch index'),
    ("nodes[0].branches.2", [], "nodes[0].branches.2", 'node type "condition" has no branch 2'),
    ("nodes[1].branches.2", [], "nodes[1].branches.2", 'node type "multi-conditions" has no branch 2'),
    ("nodes[2].branches.1", [], "nodes[2].branches.1", 'node type "loop" has no branch 1'),
    ("nodes[3].branches.-1", [], "nodes[3].branches.-1", '"branches.-1" must be a branch index'),
    ("nodes[6].branches", {"0": []}, "nodes[6].branches.0", 'node type "sql" has no branches'),
    (
        "nodes[0].branches.1[0].config.message",
        5,
        "nodes[0].branches.1[0].config.message",
        '"message" must be a string',
    ),
    (
        "nodes[0].branches.1[1].config.endStatus",
        7,
        "nodes[0].branches.1[1].config.endStatus",
        '"endStatus" must be one of [1, -1]',
    ),
    (
        "nodes[0].branches.1[1].config.endStatus",
        True,
        "nodes[0].branches.1[1].config.endStatus",
        '"endStatus" must be one of [1, -1]',
    ),
    ("nodes[0].branches.1[1].typ", "end", "nodes[0].branches.1[1].typ", '"typ" is not allowed'),
    ("nodes[1].config.conditions", {}, "nodes[1].config.conditions", '"conditions" must be an array'),
    (
        "nodes[1].config.conditions[0].engine",
        "x",
        "nodes[1].config.conditions[0].engine",
        '"conditions[0].engine" must be one of [basic, math.js, formula.js]',
    ),
    (
        "nodes[1].config.continueOnNoMatch",
        "no",
        "nodes[1].config.continueOnNoMatch",
        '"continueOnNoMatch" must be a boolean',
    ),
    ("nodes[1].branches.1[0].config.target", 5, "nodes[1].branches.1[0].config.target", '"target" must be a string'),
    ("nodes[2].config.exit", 9, "nodes[2].config.exit", '"exit" must be one of [0, 1, 2]'),
    ("nodes[2].config.condition", True, "nodes[2].config.condition", '"condition" must be one of [false, object]'),
    (
        "nodes[2].config.condition.checkpoint",
        2,
        "nodes[2].config.condition.checkpoint",
        '"condition.checkpoint" must be one of [0, 1]',
    ),
    (
        "nodes[2].branches.0[0].config.engine",
        "basic",
        "nodes[2].branches.0[0].config.engine",
        '"engine" must be one of [math.js, formula.js, string]',
    ),
    ("nodes[3].config.mode", "some", "nodes[3].config.mode", '"mode" must be one of [all, any, race, allSettled]'),
    (
        "nodes[3].branches.0[0].config.collection",
        DELETED,
        "nodes[3].branches.0[0].config.collection",
        "Collection is not configured",
    ),
    (
        "nodes[3].branches.0[0].config.multiple",
        "x",
        "nodes[3].branches.0[0].config.multiple",
        '"multiple" must be a boolean',
    ),
    (
        "nodes[3].branches.0[0].config.params.filter",
        [],
        "nodes[3].branches.0[0].config.params.filter",
        '"params.filter" must be of type object',
    ),
    (
        "nodes[3].branches.4[0].config.collection",
        "nowhere",
        "nodes[3].branches.4[0].config.collection",
        'Collection "nowhere" does not exist in data source "main"',
    ),
    (
        "nodes[3].branches.4[0].config.params.values",
        5,
        "nodes[3].branches.4[0].config.params.values",
        '"params.values" must be of type object',
    ),
    ("nodes[4].config.collection", None, "nodes[4].config.collection", "Collection is not configured"),
    (
        "nodes[4].config.params.individualHooks",
        1,
        "nodes[4].config.params.individualHooks",
        '"params.individualHooks" must be a boolean',
    ),
    ("nodes[5].config.params", [], "nodes[5].config.params", '"params" must be of type object'),
    ("nodes[6].config.sql", 1, "nodes[6].config.sql", '"sql" must be a string'),
    ("nodes[6].config.dataSource", "other", "nodes[6].config.dataSource", 'Data source "other" does not exist'),
    (
        "nodes[6].config.variables[0].name",
        DELETED,
        "nodes[6].config.variables[0].name",
        '"variables[0].name" is required',
    ),
    ("nodes[6].config.unsafeInjection", "x", "nodes[6].config.unsafeInjection", '"unsafeInjection" must be a boolean'),
    ("nodes[6].config.withMeta", 1, "nodes[6].config.withMeta", '"withMeta" must be a boolean'),
]


def altered(path: str, value: Any) -> dict[str, Any]:
    """The valid document with one value replaced, added or taken away."""
    document = copy.deepcopy(DOCUMENT)
    target: Any = document
    steps: list[Any] = []
    for part in path.replace("[", ".[").split("."):
        # "math.js" does not occur in paths
        steps.append(int(part[1:-1]) if part.startswith("[") else part)
    for step in steps[:-1]:
        target = target[step]
    if value is DELETED:
        del target[steps[-1]]
    else:
        target[steps[-1]] = value
    return document


def problems_of(document: Any) -> list[Problem]:
    with pytest.raises(InvalidDocumentError) as caught:
        parse(document, COLLECTIONS)
    return caught.value.problems


def test_accepts_every_node_type() -> None:
    source = parse(DOCUMENT, COLLECTIONS)
    assert [node.key for node in source.nodes] == ["ask", "which", "each", "both", "change", "drop", "text"]
    assert list(source.nodes[3].branches) == [0, 4]
    assert source.options["custom"] == {"kept": True}


@pytest.mark.parametrize(("path", "value", "named", "message"), WRONG)
def test_names_the_path_of_a_wrong_field(path: str, value: Any, named: str, message: str) -> None:
    assert problems_of(altered(path, value)) == [Problem(named, message)]


@pytest.mark.parametrize("document", [None, [], "x", 5])
def test_refuses_what_is_no_object(document: Any) -> None:
    assert problems_of(document) == [Problem("", "the document must be an object")]


def test_collects_all_problems_one_a_path() -> None:
    document = altered("nodes[0].branches.1[1].config.endStatus", 7)
    document["options"]["timeout"] = "soon"
    document["type"] = "approval"
    document["nodes"][6]["type"] = "teleport"
    assert [problem.path for problem in problems_of(document)] == [
        "options.timeout",
        "type",
        "nodes[0].branches.1[1].config.endStatus",
        "nodes[6].type",
    ]


def test_branches_may_be_keyed_by_numbers() -> None:
    document = altered("nodes[0].branches", {1: [{"type": "end"}], 0: [{"type": "output"}]})
    assert {i: line[0].type for i, line in parse(document, COLLECTIONS).nodes[0].branches.items()} == {
        0: "output",
        1: "end",
    }


def test_a_branch_given_twice_is_refused() -> None:
    document = altered("nodes[0].branches", {1: [{"type": "end"}], "1": [{"type": "output"}]})
    assert problems_of(document) == [Problem("nodes[0].branches.1", "branch 1 is given twice")]


def test_a_disabled_draft_may_do_without_configuration() -> None:
    source = parse({"type": "action"}, COLLECTIONS)
    assert (source.key, source.config, source.enabled, source.options) == (None, {}, None, {"timeout": 0})


def test_the_trigger_type_decides_about_sync() -> None:
    document = {"type": "request-interception", "sync": False}
    assert parse(document, COLLECTIONS).sync is True
