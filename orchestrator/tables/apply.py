"""What came of a declaration: the definition as it is now, and where that is not what was said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Applied"]

#: parts of a declaration that are done and not kept
_DONE = frozenset({"reverseField", "category", "key"})


@dataclass(frozen=True, slots=True)
class Applied:
    """``data`` is the collection, the field or the fields, ``declared`` what the client said of it."""

    data: Any
    declared: Any

    def verify(self) -> dict[str, Any]:
        """Whether everything said is so, and the paths where it is not."""
        differences = list(_differences("", self.declared, self.data))
        return {"ok": not differences, "differences": differences}


def _differences(path: str, declared: Any, found: Any) -> Iterator[str]:
    if isinstance(declared, Mapping) and isinstance(found, Mapping):
        for name, value in declared.items():
            if name not in _DONE and value is not None:
                yield from _differences(f"{path}.{name}" if path else name, value, found.get(name))
    elif isinstance(declared, list) and isinstance(found, list) and path == "fields":
        by_name = {item.get("name"): item for item in found}
        for item in declared:
            yield from _differences(f"fields.{item.get('name')}", item, by_name.get(item.get("name")))
    elif isinstance(declared, list) and isinstance(found, list) and not path:
        for item, other in zip(declared, found, strict=False):
            yield from _differences(str(item.get("name")), item, other)
    elif declared != found:
        yield path
