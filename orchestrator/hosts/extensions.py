"""Extensions: modules of the namespace package ``orchestrator_extensions``, imported before the engine runs anything.

Whoever may put a module on the interpreter's path is trusted: in the backend that is the server's administrator.
"""

from __future__ import annotations

from importlib import import_module

__all__ = ["NAMESPACE", "load_extensions"]

NAMESPACE = "orchestrator_extensions"


def load_extensions() -> dict[str, Exception]:
    """Import every module of the namespace; returns those that raised, and what.

    The others work. Workflows with node types of one that does not are refused as unknown types are.
    """
    try:
        namespace = import_module(NAMESPACE)
    except ModuleNotFoundError:
        return {}
    import pkgutil

    broken: dict[str, Exception] = {}
    for module in pkgutil.iter_modules(namespace.__path__, f"{NAMESPACE}."):
        try:
            import_module(module.name)
        except Exception as error:
            broken[module.name] = error
    return broken
