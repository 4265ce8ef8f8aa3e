"""What a deployment adds to the API: actions, default parameters, and code around actions.

The modules that do so are named in the setting `actions` and imported as a server starts. Names are `action` for every
resource, or `resource:action`; the specific one wins.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from api.merging import Strategy, merge_params
from api.resources import Action

if TYPE_CHECKING:
    from api.call import Call
    from api.context import Context
    from api.reply import Reply

__all__ = [
    "Around",
    "CustomAction",
    "Extensions",
    "Handler",
    "Next",
    "action",
    "after",
    "before",
    "defaults",
    "extensions",
    "load",
    "middleware",
    "resource",
]

T = TypeVar("T")

Handler = Callable[["Call"], Awaitable[Any]]
#: what is within a middleware
Next = Callable[[], Awaitable[None]]
Around = Callable[["Call", Next], Awaitable[None]]

#: the group of middlewares that name none
_GROUP = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomAction(Action):
    """An action whose handler gets a call; it may return the body, or set it."""

    run: Handler


@dataclass(frozen=True, slots=True)
class Middleware:
    """Code around an action, and where it stands among others."""

    handler: Around
    resource: str | None
    only: frozenset[str]
    but: frozenset[str]
    tag: str
    before: frozenset[str]
    after: frozenset[str]

    def concerns(self, resource: str, name: str) -> bool:
        """Whether it runs for an action."""
        return self.resource in (None, resource) and (not self.only or name in self.only) and name not in self.but


class Extensions:
    """Everything registered, by `action` or `resource:action`."""

    def __init__(self) -> None:
        self.actions: dict[str, CustomAction] = {}
        self.before: dict[str, Handler] = {}
        self.after: dict[str, Handler] = {}
        self._defaults: dict[str, tuple[Mapping[str, Any], Mapping[str, Strategy]]] = {}
        self._allowed: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        self._middlewares: list[Middleware] = []

    def names(self) -> frozenset[str]:
        """Every custom action there is."""
        return frozenset(action.name for action in self.actions.values())

    def find(self, resource: str, name: str) -> CustomAction | None:
        """The custom action of a resource, else the global one."""
        return _specific(self.actions, resource, name)

    def handler_before(self, resource: str, name: str) -> Handler | None:
        """What runs just before an action."""
        return _specific(self.before, resource, name)

    def handler_after(self, resource: str, name: str) -> Handler | None:
        """What runs after an action."""
        return _specific(self.after, resource, name)

    def owns(self, resource: str, name: str) -> bool:
        """Whether an action was registered for just this resource."""
        return f"{resource}:{name}" in self.actions

    def allows(self, resource: str, name: str) -> bool:
        """Whether the resource's own restriction leaves the action."""
        only, but = self._allowed.get(resource, (frozenset(), frozenset()))
        return (not only or name in only) and name not in but

    def touches(self, resource: str, name: str) -> bool:
        """Whether anything at all runs besides a built-in handler."""
        return (
            self.find(resource, name) is not None
            or self._values_of(resource, name)
            or self.handler_before(resource, name) is not None
            or self.handler_after(resource, name) is not None
            or any(m.concerns(resource, name) for m in self._middlewares)
        )

    def _values_of(self, resource: str, name: str) -> bool:
        return any("values" in self._defaults[key][0] for key in (name, f"{resource}:{name}") if key in self._defaults)

    def merged(self, resource: str, name: str, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """A request's parameters over the defaults of its action."""
        for key in (name, f"{resource}:{name}"):
            if key in self._defaults:
                params, strategies = self._defaults[key]
                raw = merge_params(params, raw, strategies)
        return raw

    def set_defaults(self, name: str, params: Mapping[str, Any], strategies: Mapping[str, Strategy]) -> None:
        """See :func:`defaults`."""
        known = self._defaults.get(name)
        self._defaults[name] = (merge_params(known[0], params) if known else params), strategies

    def restrict(self, name: str, only: Iterable[str], but: Iterable[str]) -> None:
        """See :func:`resource`."""
        self._allowed[name] = frozenset(only), frozenset(but)

    def add(self, added: Middleware) -> None:
        """Register a middleware: in the order of registration, unless a tag says otherwise.

        Raises:
            ValueError: what has to be before and after others goes in a circle.
        """
        waiting, ordered = [*self._middlewares, added], []
        while waiting:
            first = next((m for m in waiting if not any(_precedes(other, m) for other in waiting)), None)
            if first is None:
                raise ValueError(f'middleware "{added.tag}" cannot be put in order')
            waiting.remove(first)
            ordered.append(first)
        self._middlewares = ordered

    def around(self, resource: str, name: str) -> list[Around]:
        """The middlewares of an action, the outermost first."""
        return [m.handler for m in self._middlewares if m.concerns(resource, name)]


def _precedes(one: Middleware, other: Middleware) -> bool:
    return one is not other and (one.tag in other.after or other.tag in one.before)


def _specific(registered: Mapping[str, T], resource: str, name: str) -> T | None:
    found = registered.get(f"{resource}:{name}")
    return registered.get(name) if found is None else found


#: of this process
extensions = Extensions()


def action(name: str, *, public: bool = False, any_role: bool = False) -> Callable[[Handler], Handler]:
    """Register the decorated `async def handler(call)` as an action: `orders:approve`, or `ping` for every resource.

    A resource that is no collection exists once it has an action.
    """

    def register(handler: Handler) -> Handler:
        short = name.rpartition(":")[2]
        extensions.actions[name] = CustomAction(short, _never, run=handler, public=public, any_role=any_role)
        return handler

    return register


async def _never(_ctx: Context) -> Reply:
    raise RuntimeError("a custom action is run with its call")


def before(name: str) -> Callable[[Handler], Handler]:
    """Run the decorated `async def handler(call)` just before an action; a specific one replaces the general one."""

    def register(handler: Handler) -> Handler:
        extensions.before[name] = handler
        return handler

    return register


def after(name: str) -> Callable[[Handler], Handler]:
    """Run the decorated `async def handler(call)` after an action, with its body; a specific one replaces it."""

    def register(handler: Handler) -> Handler:
        extensions.after[name] = handler
        return handler

    return register


def middleware(
    resource: str | None = None,
    *,
    only: Iterable[str] = (),
    but: Iterable[str] = (),
    tag: str = _GROUP,
    before: Iterable[str] = (),
    after: Iterable[str] = (),
) -> Callable[[Around], Around]:
    """Wrap the decorated `async def handler(call, next)` around actions: of one resource, or of all.

    Args:
        only: actions it is limited to.
        but: actions it leaves alone.
        tag: its name for others, which may be `before` or `after` it.
    """

    def register(handler: Around) -> Around:
        limits = frozenset(only), frozenset(but)
        extensions.add(Middleware(handler, resource, *limits, tag, frozenset(before), frozenset(after)))
        return handler

    return register


def defaults(name: str, *, strategies: Mapping[str, Strategy] | None = None, **params: Any) -> None:
    """Parameters that an action has where the request says nothing, and is merged with where it does; see merging."""
    extensions.set_defaults(name, {key.rstrip("_"): value for key, value in params.items()}, strategies or {})


def resource(name: str, *, only: Iterable[str] = (), but: Iterable[str] = ()) -> None:
    """Restrict the actions of a resource; any other one answers 403 `<action> action is not allowed`."""
    extensions.restrict(name, only, but)


def load(modules: Iterable[str]) -> None:
    """Import what the setting names.

    Raises:
        ValueError: a module cannot be imported.
    """
    for name in modules:
        try:
            import_module(name)
        except Exception as error:
            raise ValueError(f'module "{name}" of "actions" cannot be imported: {error}') from error
