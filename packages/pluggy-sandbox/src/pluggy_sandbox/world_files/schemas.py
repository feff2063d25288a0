"""The schemas of Pluggy's objects (data/schemas.json): check an object and add missing fields."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from pluggy_sandbox.clock import iso, parse
from pluggy_sandbox.ids import is_uuid

Json = dict[str, Any]
DATA = Path(__file__).parents[1] / "data" / "schemas.json"
MAX_AMOUNT = 10**15  # larger amounts do not fit into cents
DAY = re.compile(r"\d{4}-\d\d-\d\d")


class ValidationErrors(ValueError):
    """All errors of a file, each with its path; nothing was stored."""

    def __init__(self, found: list[str]) -> None:
        super().__init__(found[0])
        self.found = found


@cache
def schemas() -> dict[str, dict[str, Json]]:
    """Return, for each schema and field, its type, whether it is required, and its possible values."""
    data: dict[str, dict[str, Json]] = json.loads(DATA.read_text(encoding="utf-8"))
    return data


def complete_object(given: Json, schema: str, path: str, errors: list[str]) -> Json:
    """Return the object with every field of its schema.

    Missing fields are null; errors are added to the list.
    """
    fields = schemas()[schema]
    errors += [f"{path}.{name}: {schema} has no such field" for name in given if name not in fields]
    return {
        name: _checked(given.get(name), field, f"{path}.{name}", errors) for name, field in fields.items()
    }


def _checked(value: Any, field: Json, path: str, errors: list[str]) -> Any:
    if value is None:
        if field.get("needed"):
            errors.append(f"{path}: is required")
        return None
    kind: str = field["type"]
    if kind.startswith("["):
        if not isinstance(value, list):
            errors.append(f"{path}: must be a list")
            return value
        inner = field | {"type": kind[1:-1]}
        return [_checked(element, inner, f"{path}[{number}]", errors) for number, element in enumerate(value)]
    if kind in schemas():
        if not isinstance(value, dict):
            errors.append(f"{path}: must be an object")
            return value
        return complete_object(value, kind, path, errors)
    return _checked_scalar(value, kind, field.get("enum"), path, errors)


def _checked_scalar(value: Any, kind: str, enum: list[str] | None, path: str, errors: list[str]) -> Any:
    type_error = _type_error(value, kind)
    if type_error:
        errors.append(f"{path}: {type_error}")
    elif enum and value not in enum:
        errors.append(f"{path}: must be one of {', '.join(enum)}")
    elif kind == "datetime":
        return instant(value)
    return value


def _type_error(value: Any, kind: str) -> str | None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MAX_AMOUNT
    is_valid = {
        "string": isinstance(value, str),
        "uuid": isinstance(value, str) and is_uuid(value),
        "number": number,
        "integer": number and value == int(value),
        "boolean": isinstance(value, bool),
        "date": isinstance(value, str) and is_instant(value) and bool(DAY.match(value)),
        "datetime": isinstance(value, str) and is_instant(value),
        "object": isinstance(value, dict),
    }
    type_names = {
        "uuid": "a UUID",
        "datetime": "an ISO 8601 date or instant",
        "date": "a date",
        "object": "an object",
    }
    return None if is_valid[kind] else f"must be {type_names.get(kind, f'a {kind}')}"


def is_instant(value: str) -> bool:
    """Return whether the text is a date or an instant of the years 1000 to 9999."""
    try:
        return len(str(parse(value).year)) == 4 and bool(instant(value))
    except (ValueError, OverflowError):
        return False


def instant(value: str) -> str:
    """Convert a date or instant to Pluggy's format."""
    return iso(parse(value))
