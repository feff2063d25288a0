"""Pluggy's shapes (data/shapes.json): checks a JSON object against one and fills in what is missing."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from dev.sandbox.api.errors import is_uuid
from dev.sandbox.clock import iso, parse

Json = dict[str, Any]
DATA = Path(__file__).parents[1] / "data" / "shapes.json"
MOST_AMOUNT = 10**15  # what is more does not fit into cents
DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Mistakes(ValueError):
    """What is wrong with a file, each with its place; nothing was written."""

    def __init__(self, found: list[str]) -> None:
        super().__init__(found[0])
        self.found = found


@cache
def shapes() -> dict[str, dict[str, Json]]:
    """Shape → field → type, whether it is needed, and its possible values."""
    found: dict[str, dict[str, Json]] = json.loads(DATA.read_text(encoding="utf-8"))
    return found


def completed(given: Json, shape: str, place: str, mistakes: list[str]) -> Json:
    """The object with every field of its shape: what is missing is null, what is wrong is noted."""
    fields = shapes()[shape]
    mistakes += [f"{place}.{name}: {shape} has no such field" for name in given if name not in fields]
    return {
        name: _checked(given.get(name), field, f"{place}.{name}", mistakes) for name, field in fields.items()
    }


def _checked(value: Any, field: Json, place: str, mistakes: list[str]) -> Any:
    if value is None:
        if field.get("needed"):
            mistakes.append(f"{place}: is needed")
        return None
    kind: str = field["type"]
    if kind.startswith("["):
        if not isinstance(value, list):
            mistakes.append(f"{place}: must be a list")
            return value
        inner = field | {"type": kind[1:-1]}
        return [_checked(one, inner, f"{place}[{number}]", mistakes) for number, one in enumerate(value)]
    if kind in shapes():
        if not isinstance(value, dict):
            mistakes.append(f"{place}: must be an object")
            return value
        return completed(value, kind, place, mistakes)
    return _simple(value, kind, field.get("enum"), place, mistakes)


def _simple(value: Any, kind: str, enum: list[str] | None, place: str, mistakes: list[str]) -> Any:
    wrong = _wrong(value, kind)
    if wrong:
        mistakes.append(f"{place}: {wrong}")
    elif enum and value not in enum:
        mistakes.append(f"{place}: must be one of {', '.join(enum)}")
    elif kind == "datetime":
        return instant(value)
    return value


def _wrong(value: Any, kind: str) -> str | None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MOST_AMOUNT
    right = {
        "string": isinstance(value, str),
        "uuid": isinstance(value, str) and is_uuid(value),
        "number": number,
        "integer": number and value == int(value),
        "boolean": isinstance(value, bool),
        "date": isinstance(value, str) and is_instant(value) and bool(DAY.match(value)),
        "datetime": isinstance(value, str) and is_instant(value),
        "object": isinstance(value, dict),
    }
    names = {
        "uuid": "a UUID",
        "datetime": "an ISO 8601 date or instant",
        "date": "a date",
        "object": "an object",
    }
    return None if right[kind] else f"must be {names.get(kind, f'a {kind}')}"


def is_instant(value: str) -> bool:
    """Whether a text is a date or an instant that can be put in order: of the years 1000 to 9999."""
    try:
        return len(str(parse(value).year)) == 4 and bool(instant(value))
    except (ValueError, OverflowError):
        return False


def instant(value: str) -> str:
    """A date or instant as Pluggy writes instants."""
    return iso(parse(value))
