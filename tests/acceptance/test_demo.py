"""The demo keeps its word at every door: psql, COPY and the request that the API hands over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from orchestrator import demo
from orchestrator.cluster import Cluster

from .conftest import Connection, Ledger, refused

SAMPLES = [("Desk", 10), ("Lamp", 3), ("Chair", 0)]
DESK, LAMP, CHAIR = 1, 2, 3


@pytest.fixture(scope="session")
def demo_template(server: Cluster, template: str) -> str:
    """A database with the demo."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"create database demo_template template {template}")
    with psycopg.connect(server.dsn("demo_template"), autocommit=True) as connection:
        demo.load(connection)
    return "demo_template"


@pytest.fixture
def shop(new_database: Callable[..., str], demo_template: str) -> Iterator[Ledger]:
    with psycopg.connect(new_database(template=demo_template), autocommit=True) as connection:
        yield Ledger(connection)


def order(shop: Ledger, *items: dict[str, Any], **request: Any) -> tuple[int, Any]:
    return shop.act("orders", "create", values={"customer": "Ada", "items": list(items)}, **request)


def line(product: int, quantity: int) -> dict[str, Any]:
    return {"product_id": product, "quantity": quantity}


def errors(answer: tuple[int, Any]) -> list[str]:
    status, body = answer
    assert status == 400
    return [error["message"] for error in body["errors"]]


def placed(shop: Ledger) -> int:
    """An order of two desks and a lamp; its id."""
    status, body = order(shop, line(DESK, 2), line(LAMP, 1))
    assert status == 200
    return int(body["data"]["id"])


def stored(shop: Ledger) -> list[tuple[Any, ...]]:
    return shop.rows("select product_id, quantity from items order by id")


def copy(connection: Connection, statement: str, text: str) -> None:
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as stream:
        stream.write(text)


def insert_item(product: int, quantity: int) -> str:
    return (
        "with o as (insert into orders default values returning id)"
        f" insert into items (order_id, product_id, quantity) select id, {product}, {quantity} from o"
    )


def test_loading_the_demo_again_changes_nothing(shop: Ledger) -> None:
    shop.run("insert into expenses (title, amount) values ('Train', 80)")
    before = shop.rows("select id, key, enabled, updated_at from orchestrator.workflows order by id")
    plans = shop.rows("select name, plan_id from orchestrator.collections order by name")
    demo.load(shop.db)
    assert shop.rows("select id, key, enabled, updated_at from orchestrator.workflows order by id") == before
    assert shop.rows("select name, plan_id from orchestrator.collections order by name") == plans
    assert shop.rows("select name, stock from products order by id") == SAMPLES


def test_an_expense_above_the_limit_is_refused_by_sql_copy_and_request(shop: Ledger) -> None:
    message = "Amount 900 is above 500"
    assert refused(shop.db, "insert into expenses (amount) values (900)") == message
    with pytest.raises(psycopg.Error, match=message):
        copy(shop.db, "copy expenses (title, amount) from stdin (format csv)", "Bus,12\nHotel,900\n")
    assert errors(shop.act("expenses", "create", values={"amount": 900})) == [message]
    shop.run("insert into expenses (amount) values (500)")
    assert refused(shop.db, "update expenses set amount = 900") == message
    assert errors(
        shop.act("expenses", "update", filterByTk=shop.value("select id from expenses"), values={"amount": 900})
    ) == [message]
    assert shop.amounts() == [500]


def test_an_accepted_expense_is_handed_to_finance_in_the_background(shop: Ledger) -> None:
    shop.run("insert into expenses (amount) values (80)")
    shop.act("expenses", "create", values={"amount": 90})
    assert shop.rows("select * from reimbursements") == []
    assert shop.drain() == 2
    assert shop.rows(
        "select e.amount, r.amount from reimbursements r join expenses e on e.id = expense_id order by 1"
    ) == [(80, 80), (90, 90)]


def test_a_receipt_is_given_to_the_request_that_asks_for_it(shop: Ledger) -> None:
    _, plain = shop.act("expenses", "create", values={"amount": 90})
    assert "messages" not in plain
    _, bound = shop.act("expenses", "create", values={"amount": 90}, triggerWorkflows="expense-receipt")
    assert bound["messages"] == [{"message": f"Expense {bound['data']['id']} is accepted, finance pays back 90"}]


def test_an_order_that_is_short_names_the_first_short_product_and_writes_nothing(shop: Ledger) -> None:
    answer = order(shop, line(DESK, 10), line(LAMP, 4), line(CHAIR, 1))
    assert errors(answer) == ["Lamp: 4 ordered, 3 in stock"]
    assert shop.rows("select * from orders") == []
    assert stored(shop) == []


def test_an_order_within_stock_is_written_with_its_items(shop: Ledger) -> None:
    placed(shop)
    assert stored(shop) == [(DESK, 2), (LAMP, 1)]


@pytest.mark.parametrize("product", [{"product": CHAIR}, {"product": {"id": CHAIR}}])
def test_naming_the_product_by_its_relation_is_no_way_around(shop: Ledger, product: dict[str, Any]) -> None:
    assert errors(order(shop, line(DESK, 1), {**product, "quantity": 1})) == ["Chair: 1 ordered, 0 in stock"]
    assert stored(shop) == []


def test_leaving_out_the_quantity_is_no_way_around(shop: Ledger) -> None:
    assert errors(order(shop, {"product_id": CHAIR})) == ["Chair: 1 ordered, 0 in stock"]


def test_an_item_inserted_by_sql_is_judged(shop: Ledger) -> None:
    assert refused(shop.db, insert_item(LAMP, 4)) == "Lamp: 4 ordered, 3 in stock"
    assert shop.rows("select * from orders") == []
    shop.run(insert_item(LAMP, 3))
    assert stored(shop) == [(LAMP, 3)]


@pytest.mark.parametrize("change", ["quantity = 4", "product_id = 3", "product_id = 2, quantity = 5"])
def test_an_item_changed_by_sql_is_judged_as_it_will_be(shop: Ledger, change: str) -> None:
    shop.run(insert_item(LAMP, 3))
    assert refused(shop.db, f"update items set {change}").split(":")[0] in ("Lamp", "Chair")
    assert stored(shop) == [(LAMP, 3)]


def test_an_item_changed_by_a_request_is_judged_as_it_will_be(shop: Ledger) -> None:
    placed(shop)
    desk, lamp = (row[0] for row in shop.rows("select id from items order by id"))
    assert errors(shop.act("items", "update", filterByTk=lamp, values={"quantity": 4})) == [
        "Lamp: 4 ordered, 3 in stock"
    ]
    assert errors(shop.act("items", "update", filterByTk=[desk, lamp], values={"quantity": 5})) == [
        "Lamp: 5 ordered, 3 in stock"
    ]
    assert errors(shop.act("items", "update", filterByTk=desk, values={"product": CHAIR})) == [
        "Chair: 2 ordered, 0 in stock"
    ]
    assert errors(shop.act("items", "update", filter={"product.name": "Lamp"}, values={"quantity": 1})) == [
        "Items are changed by their keys, not by a filter"
    ]
    assert shop.act("items", "update", filterByTk=lamp, values={"quantity": 3})[0] == 200
    assert stored(shop) == [(DESK, 2), (LAMP, 3)]


def test_an_item_changed_through_its_order_is_judged(shop: Ledger) -> None:
    key = placed(shop)
    desk, lamp = (row[0] for row in shop.rows("select id from items order by id"))
    values = {"items": [{"id": desk}, {"id": lamp, "quantity": 4}]}
    answer = shop.act("orders", "update", filterByTk=key, values=values, updateAssociationValues=["items"])
    assert errors(answer) == ["Lamp: 4 ordered, 3 in stock"]
    assert stored(shop) == [(DESK, 2), (LAMP, 1)]
