"""The page envelope and query helpers that several nouns share."""

import base64
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import request

from dev.sandbox.api.errors import ApiError, is_uuid
from dev.sandbox.clock import parse

Json = dict[str, Any]
MOST = 500


def page(results: list[Json], number: int = 1, size: int | None = None) -> Json:
    """Pluggy's page envelope; without a size everything is one page."""
    if size is None:
        return {"page": 1, "total": len(results), "totalPages": 1 if results else 0, "results": results}
    cut = results[(number - 1) * size : number * size]
    return {"page": number, "total": len(results), "totalPages": -(-len(results) // size), "results": cut}


def page_of_query(results: list[Json]) -> Json:
    """The page that `page` and `pageSize` ask for."""
    return page(results, positive("page", 1), positive("pageSize", MOST, most=MOST))


def positive(name: str, default: int, *, most: int | None = None) -> int:
    """A positive whole number of the query; with `most`, 400 above it."""
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise ApiError(400, f"{name} must be a positive number")
    if most and int(text) > most:
        raise ApiError(400, f"{name} must not be greater than {most}")
    return int(text)


def one_of(name: str, known: Sequence[str]) -> str | None:
    """A word of the query out of a list, None when absent."""
    value = request.args.get(name)
    if value is not None and value not in known:
        raise ApiError(400, f"{name} must be one of the following values: {', '.join(known)}")
    return value


def cursor(text: str) -> tuple[str, str]:
    """The instant and uuid of an `after`; they are base64 of "<ISO instant>|<uuid>"."""
    try:
        instant, _, row_id = base64.b64decode(text, validate=True).decode().partition("|")
        parse(instant)
    except ValueError:
        raise ApiError(400, "Invalid cursor") from None
    if not is_uuid(row_id):
        raise ApiError(400, "Invalid cursor")
    return instant, row_id


def following(last: tuple[str, str] | None) -> str | None:
    """The `next` of a cursor list: this query again, to go on after the last row; None at the end."""
    if last is None:
        return None
    after = base64.b64encode("|".join(last).encode()).decode()
    kept = {name: value for name, value in request.args.items() if name != "after"}
    return "?" + urlencode(kept | {"after": after}, safe=":,")


def listed(name: str) -> list[str]:
    """A list of the query: repeated, with [] or with commas."""
    values = request.args.getlist(name) + request.args.getlist(f"{name}[]")
    return [part for value in values for part in value.split(",") if part]


def truth(name: str) -> bool | None:
    """A yes or no of the query, None when absent."""
    value = request.args.get(name)
    return None if value is None else value.lower() == "true"
