"""Actions of one's own: ORCHESTRATOR_ACTIONS=examples.actions.expenses orchestrator serve; see docs/actions.md."""

from __future__ import annotations

from api import Call, Next, action, after, before, defaults, middleware

# newest first, unless the request sorts
defaults("expenses:list", sort=["-id"])


@before("expenses:create")
async def tidy(call: Call) -> None:
    """Titles come without blanks around them."""
    values = call.params.get("values")
    if isinstance(values, dict) and isinstance(values.get("title"), str):
        call.params["values"] = values | {"title": values["title"].strip()}


@action("expenses:repeat")
async def repeat(call: Call) -> object:
    """The same expense once more: POST /api/expenses:repeat?filterByTk=1. Workflows judge it like any other."""
    found = await call.find("expenses", filterByTk=call.record_id)
    if not found:
        call.throw(404, f'expense "{call.record_id}" not found')
    expense = found[0]
    return await call.write("create", "expenses", values={"title": expense["title"], "amount": expense["amount"]})


@action("summary")
async def summary(call: Call) -> dict[str, object]:
    """Of any collection, how many records it has: GET /api/expenses:summary."""
    records = await call.find(call.resource, fields=["id"])
    return {"collection": call.resource, "count": len(records), "asked_by": call.user and call.user["username"]}


@after("expenses:get")
async def round_up(call: Call) -> None:
    """What a built-in action answered can be added to."""
    if call.body is not None:
        call.body = call.body | {"rounded": str(round(float(call.body["amount"])))}


@middleware("expenses", but=["get"])
async def say_who(call: Call, within: Next) -> None:
    """Around every action of expenses but one."""
    await within()
    call.meta = {"role": call.role}
