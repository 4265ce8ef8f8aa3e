"""Collections over HTTP: tables are made, changed and dropped, each request as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from orchestrator.schema import installer

from .conftest import Api
from .declaring import ID, authors, columns_of, keys_of, make, message_of


def test_a_collection_is_a_table_and_a_resource_in_the_same_second(api: Api) -> None:
    made = make(
        api,
        "goods",
        ID,
        {"name": "name", "type": "string", "interface": "input"},
        {"name": "stock", "type": "integer", "interface": "integer"},
        title="Goods",
        template="general",
        autoGenId=False,
        createdAt=True,
        updatedAt=True,
        createdBy=True,
        updatedBy=True,
        sortable=True,
    )
    assert {"name": "goods", "title": "Goods", "inherit": False, "hidden": False, "description": None}.items() <= (
        made.items()
    )
    assert (made["filterTargetKey"], made["unavailableActions"], made["template"]) == ("id", [], "general")
    assert len(made["key"]) == 11
    (id_, name, stock) = made["fields"]
    assert {key: value for key, value in id_.items() if key != "key"} == {
        **ID,
        "collectionName": "goods",
        "description": None,
        "parentKey": None,
        "reverseKey": None,
    }
    assert set(name) == {
        "key", "name", "type", "interface", "collectionName", "description", "parentKey", "reverseKey"
    }  # fmt: skip
    assert stock["type"] == "integer"
    row = api.create("goods", {"name": "pen", "stock": 3})
    assert (row["id"], row["name"], row["stock"], row["createdById"], row["updatedById"]) == (1, "pen", 3, 1, 1)
    assert row["createdAt"] == row["updatedAt"]
    assert "sort" not in row


def test_without_a_name_or_fields_it_gets_an_id_and_nothing_else(api: Api) -> None:
    made = api.root.post("/collections:create", json={"title": "noname"}).json()["data"]
    assert made["name"].startswith("t_") and len(made["name"]) == 13
    assert "fields" not in made
    assert [made[name] for name in ("createdAt", "createdBy", "updatedAt", "updatedBy")] == [False] * 4
    assert api.create(made["name"], {}) == {"id": 1}


def test_names_are_checked_with_the_words_of_the_wire(api: Api) -> None:
    def refused(**values: Any) -> tuple[int, str]:
        response = api.root.post("/collections:create", json=values)
        return response.status_code, message_of(response)

    assert refused(name="a b") == (400, "collections.name can only include letters, digits, _ - * $")
    assert refused(name="a" * 64) == (400, f"Identifier {'a' * 64} is too long")
    assert refused(name="posts") == (400, "Collection named posts already exists")
    assert refused(name="users") == (400, "Collection named users already exists")
    assert refused(name="odd", fields=[{"name": "x", "type": "nonsense"}]) == (400, "unsupported field type nonsense")
    for unknown in ("formula", "sequence", "attachment"):
        field = {"name": "x", "type": unknown}
        assert refused(name="odd", fields=[field]) == (400, f"unsupported field type {unknown}")
    api.db.execute("create table if not exists unmanaged (n integer)")
    message = 'table "unmanaged" exists already: load it as a collection, or take another name'
    assert refused(name="unmanaged") == (400, message)
    assert api.root.get("/dbViews:list").status_code == 404
    assert refused(name="odd", autoGenId=False) == (400, 'collection "odd" has no column')
    assert api.db.execute("select to_regclass('odd')").fetchone() == (None,)


def test_a_request_that_fails_late_leaves_nothing(api: Api) -> None:
    fields = [
        {"name": "n", "type": "integer"},
        {"name": "posts", "type": "hasMany", "target": "posts", "foreignKey": "title", "sourceKey": "id"},
    ]
    response = api.root.post("/collections:create", json={"name": "half", "fields": fields})
    assert response.status_code == 400, response.text
    assert 'column "title" of "posts" is of type "text"' in message_of(response)
    assert api.db.execute("select to_regclass('half')").fetchone() == (None,)
    assert api.root.get("/collections:get?filterByTk=half").json()["data"] is None
    assert api.root.get("/half:list").status_code == 404


def test_odd_names_and_options_do_no_harm(api: Api) -> None:
    make(api, "a-*$B", {"name": "c-*$D", "type": "string"}, hidden="perhaps", description=[1])
    assert api.root.post("/a-*$B:create", json={"c-*$D": "x"}).json()["data"] == {"id": 1, "c-*$D": "x"}
    assert api.root.get("/collections:list?paginate=false").status_code == 200
    assert message_of(api.root.post("/collections:create", json={"fields": [{"name": "ctid", "type": "text"}]})) == (
        'column name "ctid" conflicts with a system column name'
    )
    for body in ([], {"fields": {}}, {"fields": [1]}, {"name": 5}, {"fields": [{"name": "x"}]}, {"tableName": "posts"}):
        assert api.root.post("/collections:create", json=body).status_code == 400


def test_a_table_that_was_taken_over_is_let_go_as_it_is(api: Api) -> None:
    api.db.execute("create table theirs (id integer primary key, n integer not null default 3)")
    api.db.execute("select orchestrator.manage('theirs')")
    shown = api.root.get("/collections:get?filterByTk=theirs&appends[]=fields").json()["data"]
    assert (shown["from"], shown["autoGenId"], shown["tableName"], shown["filterTargetKey"]) == (
        "dbsync",
        False,
        "theirs",
        "id",
    )
    fields = {field["name"]: field for field in shown["fields"]}
    assert (fields["n"]["type"], fields["n"]["rawType"], fields["n"]["allowNull"]) == ("integer", "integer", False)
    before = columns_of(api, "theirs")
    assert api.root.post("/collections/theirs/fields:update?filterByTk=n", json={"interface": "x"}).status_code == 200
    assert api.root.post("/collections:update?filterByTk=theirs", json={"title": "T"}).json()["data"][0]["title"] == "T"
    assert api.root.post("/collections:destroy?filterByTk=theirs").status_code == 200
    assert columns_of(api, "theirs") == before
    assert api.root.get("/theirs:list").status_code == 404


def test_tables_are_loaded_as_they_are(api: Api) -> None:
    api.db.execute("create table heads (id uuid primary key, n integer not null default 3)")
    api.db.execute('create table tails (id integer primary key, "headId" uuid references heads (id))')
    before = columns_of(api, "heads")
    found = api.root.post("/dataSources:readTables", json={"dataSourceKey": "main"}).json()["data"]
    assert [row for row in found if row["name"] in {"heads", "tails"}] == [{"name": "heads"}, {"name": "tails"}]
    body = {"dataSourceKey": "main", "tables": ["heads", "tails"]}
    assert api.root.post("/dataSources:loadTables", json=body).json() == {}
    assert columns_of(api, "heads") == before
    assert api.root.post("/heads:create", json={"n": 1}).status_code == 400
    shown = {field["name"]: field for field in api.list("/collections/tails/fields:list")}
    assert (shown["head"]["type"], shown["head"]["target"]) == ("belongsTo", "heads")
    update = api.root.post("/collections/tails/fields:update?filterByTk=head", json={"interface": "m2o", "x": 1})
    assert update.json()["data"][0]["x"] == 1
    assert keys_of(api, "tails") == [("headId", "heads", "a")]
    assert api.root.post("/dataSources:loadTables", json={"tables": ["pg_class"]}).status_code == 404
    assert api.root.post("/dataSources:loadTables", json={"dataSourceKey": "x", "tables": []}).status_code == 404
    assert api.root.post("/mainDataSource:syncFields").json() == {}


def test_what_addresses_rows_is_kept_and_the_last_column_takes_the_table(api: Api) -> None:
    make(api, "keyed", ID, {"name": "n", "type": "string"})
    refused = api.root.post("/collections/keyed/fields:destroy?filterByTk=id")
    assert message_of(refused) == 'field "id" is the key of collection "keyed"'
    api.root.post("/collections/keyed/fields:destroy?filterByTk=n")
    assert api.root.post("/collections/keyed/fields:destroy?filterByTk=id").json() == {"data": True}
    assert api.db.execute("select to_regclass('keyed')").fetchone() == (None,)


def test_options_say_how_rows_are_addressed_and_counted(api: Api) -> None:
    make(api, "coded", {"name": "code", "type": "string"}, filterTargetKey="code", simplePaginate=True)
    api.create("coded", [{"code": "a"}, {"code": "b"}])
    assert api.root.get("/coded:get/b").json()["data"]["id"] == 2
    page = api.root.get("/coded:list?pageSize=1&fields=code").json()
    assert page == {"data": [{"code": "a"}], "meta": {"hasNext": True, "page": 1, "pageSize": 1}}


def test_a_key_that_says_nothing_leaves_rows_addressable(api: Api) -> None:
    make(api, "addressed", {"name": "a", "type": "string"}, filterTargetKey=None, tree="adjacency-list", template=[])
    row = api.create("addressed", {"a": "x"})
    for key in (None, [], ""):
        path = "/collections:update?filterByTk=addressed"
        assert api.root.post(path, json={"filterTargetKey": key}).status_code == 200
        assert api.root.get(f"/addressed:get/{row['id']}").json()["data"]["a"] == "x"
        assert len(api.list("/addressed:list", tree="true")) == 1
    for key in ({"a": 1}, [["a"]]):
        assert api.root.post(path, json={"filterTargetKey": key}).status_code == 400


def test_views_on_a_table_go_with_it_on_demand(api: Api) -> None:
    make(api, "viewed", {"name": "a", "type": "string"})
    api.db.execute("create view on_viewed as select a from viewed")
    assert api.root.post("/collections:destroy?filterByTk=viewed").status_code == 400
    assert api.root.post("/collections:destroy?filterByTk=viewed&cascade=true").json() == {"data": 1}
    assert api.db.execute("select to_regclass('viewed'), to_regclass('on_viewed')").fetchone() == (None, None)


def test_definitions_are_listed_filtered_and_described(api: Api) -> None:
    make(api, "listed", {"name": "a", "type": "string"}, title="Listed")
    (found,) = api.list(
        "/collections:list", **{"filter": '{"name.$in":["listed"]}', "appends[]": "fields", "fields[]": "name"}
    )
    assert set(found) == {"name", "fields", "filterTargetKey", "unavailableActions"}
    assert [field["name"] for field in found["fields"]] == ["a"]
    body = api.root.get("/collections:list?pageSize=1&sort=name").json()
    assert (len(body["data"]), body["meta"]["pageSize"], body["meta"]["count"] > 3) == (1, 1, True)
    listed = [row["name"] for row in api.list("/fields:list", filter='{"collectionName":"listed"}')]
    assert listed == ["a"]
    meta = {row["name"]: row for row in api.root.get("/collections:listMeta").json()["data"]}
    assert [field["name"] for field in meta["listed"]["fields"]] == ["a"]
    (updated,) = api.root.post("/collections:update?filterByTk=listed", json={"title": "Other"}).json()["data"]
    assert (updated["title"], "fields" in updated) == ("Other", False)
    assert api.root.post("/collections:update?filterByTk=listed", json={"name": "renamed"}).status_code == 400
    assert (
        api.root.post(
            "/collections:setFields?filterByTk=listed", json={"fields": [{"name": "b", "type": "text"}]}
        ).json()
        == {}
    )
    assert set(columns_of(api, "listed")) == {"id", "b"}


def test_any_user_lists_and_root_alone_changes(api: Api) -> None:
    api.add_user("reader", "member")
    with api.client("reader") as reader:
        assert reader.get("/collections:list").status_code == 200
        assert reader.get("/collections:listMeta").status_code == 200
        for path in (
            "collections:create",
            "collections:update?filterByTk=posts",
            "collections:destroy?filterByTk=posts",
        ):
            assert reader.post(f"/{path}", json={"name": "mine"}).status_code == 403
        assert reader.post("/collections/posts/fields:create", json={"name": "x", "type": "text"}).status_code == 403
    assert api.guest.get("/collections:list").status_code == 401


def test_nothing_of_a_definition_reaches_the_server_as_sql(api: Api) -> None:
    name = 'x"; drop table posts; --'
    for field in (
        {"name": "ref", "type": "belongsTo", "target": "posts", "foreignKey": name},
        {"name": "plain", "type": "string", "defaultValue": "'; drop table posts; --"},
        {"name": "other", "type": "string", "defaultValue": "\\'; drop table posts; --"},
        {"name": "uid", "type": "uid", "prefix": "'); drop table posts; --"},
    ):
        make(api, f"attack{field['name']}", field, {"name": "n", "type": "integer", "rawType": "x) y"})
    assert name in columns_of(api, "attackref")
    assert api.create("attackplain", {"n": 1})["plain"] == "'; drop table posts; --"
    assert api.create("attackother", {})["other"] == "\\'; drop table posts; --"
    assert api.create("attackuid", {})["uid"].startswith("'); drop")
    for bad in (
        {"name": "d", "type": "array", "dataType": "array", "elementType": "int); drop table posts; --"},
        {"name": "d", "type": "string", "length": "1); drop"},
        {"name": "d", "type": "belongsTo", "target": "posts", "onDelete": "CASCADE; drop table posts"},
        {"name": 'd"', "type": "string"},
    ):
        assert api.root.post("/collections/posts/fields:create", json=bad).status_code == 400
    assert api.db.execute("select to_regclass('posts') is not null").fetchone() == (True,)


def test_the_steps_of_the_peers_own_client(api: Api) -> None:
    flags = dict.fromkeys(("createdAt", "updatedAt", "createdBy", "updatedBy", "sortable", "logging"), True)
    made = make(api, "labels", ID, {"name": "name", "type": "string"}, *authors(), autoGenId=False, **flags)
    assert [field["name"] for field in made["fields"]] == [
        "id",
        "name",
        "createdAt",
        "updatedAt",
        "createdBy",
        "updatedBy",
    ]
    make(
        api,
        "papers",
        ID,
        {"name": "title", "type": "string"},
        {
            "name": "labels",
            "type": "belongsToMany",
            "interface": "m2m",
            "target": "labels",
            "through": "papersLabels",
            "foreignKey": "paperId",
            "otherKey": "labelId",
            "sourceKey": "id",
            "targetKey": "id",
        },
        *authors(),
        autoGenId=False,
        **flags,
    )
    body = api.root.get("/collections/labels/fields:list?sort=sort").json()
    assert (body["meta"]["count"], body["data"][0]["name"]) == (6, "id")
    label = api.create("labels", {"name": "news"})
    assert set(label) == {"id", "name", "createdAt", "updatedAt", "createdById", "updatedById"}
    paper = api.create("papers", {"title": "a", "labels": [{"name": "x"}]})
    assert [row["name"] for row in paper["labels"]] == ["x"]
    (found,) = api.list("/papers:list", filter='{"labels.name":"x"}', appends="labels,createdBy")
    pivot = found["labels"][0]["papersLabels"]
    assert (pivot["paperId"], pivot["labelId"], pivot["createdAt"] is not None) == (paper["id"], 2, True)
    assert found["createdBy"]["id"] == 1
    assert api.root.post(f"/papers/{paper['id']}/labels:add", json=[label["id"]]).json() == {}
    assert len(api.list(f"/papers/{paper['id']}/labels:list")) == 2
    assert api.root.post(f"/papers/{paper['id']}/labels:remove", json=[2]).json() == {}
    assert api.root.post(f"/papers:destroy?filterByTk={paper['id']}").json() == {"data": 1}
    assert api.root.get("/collections/papersLabels/fields:list").json()["meta"]["count"] == 4


def test_workflows_guard_a_table_that_was_made_over_http(api: Api) -> None:
    make(api, "guarded", {"name": "n", "type": "integer"})
    document = {
        "key": "small",
        "type": "request-interception",
        "enabled": True,
        "config": {"collection": "guarded", "global": True, "actions": ["create"]},
        "nodes": [{"key": "no", "type": "end", "config": {"endStatus": -1}}],
    }
    api.db.execute("select orchestrator.define(%s)", (json.dumps(document),))
    assert api.root.post("/guarded:create", json={"n": 11}).status_code == 400
    with pytest.raises(psycopg.Error):
        api.db.execute("insert into guarded (n) values (11)")
    assert api.list("/guarded:list") == []
    # the table goes with the triggers that guarded it
    assert api.root.post("/collections:destroy?filterByTk=guarded").status_code == 200


def test_the_apis_login_alone_may_change_collections(api: Api) -> None:
    make(api, "owned")
    rows = api.db.execute(
        """
        select r.rolname from pg_roles r
        where has_function_privilege(r.oid, 'orchestrator.change_collection(text)', 'execute')
            and not r.rolsuper and r.rolname !~ '^pg_'
        """
    ).fetchall()
    assert {name for (name,) in rows} <= {"orchestrator_api", "orchestrator_owner", "api_login"}
    owner = api.db.execute("select relowner::regrole::text from pg_class where oid = 'owned'::regclass").fetchone()
    assert (
        owner
        == api.db.execute(
            "select pg_get_userbyid(datdba) from pg_database where datname = current_database()"
        ).fetchone()
    )


_TYPES = (
    "string",
    "text",
    "integer",
    "bigInt",
    "float",
    "decimal",
    "boolean",
    "json",
    "date",
    "dateOnly",
    "uuid",
    "uid",
)


_NAMES = st.from_regex(r"[A-Za-z_$*\-][A-Za-z0-9_$*\-]{0,20}", fullmatch=True)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "name": st.from_regex(r"[A-Za-z_$*\-][A-Za-z0-9_$*\-]{0,20}", fullmatch=True),
                "type": st.sampled_from(_TYPES),
            },
            optional={
                "interface": st.sampled_from(["input", "x"]),
                "index": st.booleans(),
                "description": st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"])),
            },
        ),
        unique_by=lambda field: field["name"],
        max_size=6,
    )
)
def test_what_was_declared_is_read_back_and_goes_without_a_trace(api: Api, fields: list[dict[str, Any]]) -> None:
    assume(all(not (field.get("index") and field["type"] == "json") for field in fields))
    before = api.db.execute("select count(*) from pg_class").fetchone()
    made = api.root.post("/collections:create", json={"fields": fields}).json()["data"]
    found = api.root.get(f"/collections:get?filterByTk={made['name']}&appends=fields").json()["data"]
    assert found == made
    assert [{key: shown[key] for key in field} for field, shown in zip(fields, found["fields"], strict=True)] == fields
    api.create(made["name"], {})
    assert len(api.list(f"/{made['name']}:list")) == 1
    assert api.root.post(f"/collections:destroy?filterByTk={made['name']}").json() == {"data": 1}
    assert api.db.execute("select count(*) from pg_class").fetchone() == before


def test_tables_outlive_an_uninstall(new_database: Callable[..., str], template: str) -> None:
    with psycopg.connect(new_database(template=template), autocommit=True) as connection:
        fields = [{"name": "n", "type": "integer"}, {"name": "at", "type": "sort"}]
        values = {"name": "kept", "fields": fields, "createdBy": True, "updatedAt": True, "tree": "adjacency-list"}
        request = {"resource": "collections", "action": "create", "reserved": [], "values": values}
        connection.execute("select orchestrator.change_collection(%s)", (json.dumps(request),))
        installer.uninstall(connection)
        connection.execute("insert into kept (n) values (1)")
        connection.execute("update kept set n = 2")
        assert connection.execute('select n, at, "createdById" from kept').fetchone() == (2, None, None)
