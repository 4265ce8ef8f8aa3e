"""What test_custom_actions.py registers in a server."""

from __future__ import annotations

from api import Call, Next, action, after, before, defaults, middleware, resource

defaults("posts:list", filter={"read": {"$gt": 1}}, fields=["id", "title"])
defaults("categories:create", values={"name": "by default"})
resource("comments", but=["destroy"])


def _trace(call: Call, text: str) -> None:
    call.state.setdefault("trace", []).append(text)


@action("trace")
async def trace(call: Call) -> None:
    """The order in which everything ran."""
    _trace(call, "handler")
    call.body = {"params": call.params, "resource": call.resource, "source": call.source_id}


@action("posts:trace")
async def trace_posts(call: Call) -> None:
    await trace(call)
    call.body |= {"specific": True}


@after("trace")
async def show(call: Call) -> None:
    call.body |= {"trace": call.state["trace"]}


@before("trace")
async def before_any(call: Call) -> None:
    _trace(call, "before")


@before("posts:trace")
async def before_posts(call: Call) -> None:
    _trace(call, "before posts")


@middleware(only=["trace"], tag="inner", after=["outer"])
async def inner(call: Call, within: Next) -> None:
    _trace(call, "inner")
    await within()
    call.meta = {"seen": [*call.state["trace"], "inner again"]}


@middleware(only=["trace"], tag="outer")
async def outer(call: Call, within: Next) -> None:
    _trace(call, "outer")
    await within()


@action("reports:monthly", any_role=True)
async def monthly(call: Call) -> dict[str, object]:
    return {"rows": [{"month": call.params.get("month")}], "count": 1}


@action("reports:open", public=True)
async def open_to_all(call: Call) -> list[object]:
    return [call.user, call.role]


@action("reports:shapes")
async def shapes(call: Call) -> object:
    """A body as the parameter says."""
    kinds: dict[str, object] = {"list": [1], "zero": 0, "object": {"a": 1}}
    call.body = kinds.get(call.params["as"])
    if call.params["as"] == "message":
        call.body, call.messages = {}, ["said"]
    return None


@action("posts:approve")
async def approve(call: Call) -> object:
    """What it was asked for, after permissions had their say, and what the role sees."""
    seen = await call.find("posts", restricted=True, fields=["title"], filter={"title.$includes": "seen"})
    return {"filter": call.params.get("filter"), "seen": seen}


@action("reports:refuse")
async def refuse(call: Call) -> None:
    call.throw(409, "not today", "LATER")


@action("posts:copy")
async def copy(call: Call) -> object:
    """Written in the user's name, under the guards."""
    return await call.write("create", "posts", values={"title": call.params["values"]["title"]})


@action("posts:archive")
async def archive(call: Call) -> object:
    """Writes what the filter finds."""
    return await call.write("update", "posts", values={"price": 0}, filter=call.params["filter"])


@middleware("posts", only=["create"])
async def censor(call: Call, within: Next) -> None:
    title = call.params.get("values", {}).get("title")
    if title == "rude":
        call.params["values"] = call.params["values"] | {"title": "polite"}
    await within()
