"""Page formats and query parameters that several resources share."""

import base64
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import request

from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.clock import parse
from pluggy_sandbox.ids import is_uuid

Json = dict[str, Any]
MAX_PAGE_SIZE = 500


def page(results: list[Json], number: int = 1, size: int | None = None) -> Json:
    """Return Pluggy's page object; without a size all results are one page."""
    if size is None:
        return {"page": 1, "total": len(results), "totalPages": 1 if results else 0, "results": results}
    page_results = results[(number - 1) * size : number * size]
    return {
        "page": number,
        "total": len(results),
        "totalPages": -(-len(results) // size),
        "results": page_results,
    }


def page_from_query(results: list[Json]) -> Json:
    """Return the page that `page` and `pageSize` ask for."""
    size = positive_param("pageSize", MAX_PAGE_SIZE, maximum=MAX_PAGE_SIZE)
    return page(results, positive_param("page", 1), size)


def positive_param(name: str, default: int, *, maximum: int | None = None) -> int:
    """Return a positive integer of the query; raise 400 for anything else and above `maximum`."""
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise ApiError(400, f"{name} must be a positive number")
    if maximum and int(text) > maximum:
        raise ApiError(400, f"{name} must not be greater than {maximum}")
    return int(text)


def choice_param(name: str, choices: Sequence[str]) -> str | None:
    """Return a query parameter that must be one of the choices, or None if it is absent."""
    value = request.args.get(name)
    if value is not None and value not in choices:
        raise ApiError(400, f"{name} must be one of the following values: {', '.join(choices)}")
    return value


def cursor(text: str) -> tuple[str, str]:
    """Decode the `after` parameter: base64 of "<ISO instant>|<uuid>"."""
    try:
        instant, _, last_id = base64.b64decode(text, validate=True).decode().partition("|")
        parse(instant)
    except ValueError:
        raise ApiError(400, "Invalid cursor") from None
    if not is_uuid(last_id):
        raise ApiError(400, "Invalid cursor")
    return instant, last_id


def next_query(last_position: tuple[str, str] | None) -> str | None:
    """Return the query string of the next page, or None at the end."""
    if last_position is None:
        return None
    after = base64.b64encode("|".join(last_position).encode()).decode()
    other_params = {name: value for name, value in request.args.items() if name != "after"}
    return "?" + urlencode(other_params | {"after": after}, safe=":,")


def list_param(name: str) -> list[str]:
    """Return a list of the query: a repeated parameter, with [] or separated by commas."""
    values = request.args.getlist(name) + request.args.getlist(f"{name}[]")
    return [item for value in values for item in value.split(",") if item]


def bool_param(name: str) -> bool | None:
    """Return a boolean of the query, or None if it is absent."""
    value = request.args.get(name)
    return None if value is None else value.lower() == "true"
