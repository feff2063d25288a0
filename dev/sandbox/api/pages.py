"""The page envelope and query helpers that several nouns share."""

from typing import Any

from flask import request

from dev.sandbox.api.errors import ApiError

Json = dict[str, Any]


def page(results: list[Json], number: int = 1, size: int | None = None) -> Json:
    """Pluggy's page envelope; without a size everything is one page."""
    if size is None:
        return {"page": 1, "total": len(results), "totalPages": 1 if results else 0, "results": results}
    cut = results[(number - 1) * size : number * size]
    return {"page": number, "total": len(results), "totalPages": -(-len(results) // size), "results": cut}


def page_of_query(results: list[Json]) -> Json:
    """The page that `page` and `pageSize` ask for."""
    return page(results, positive("page", 1), min(500, positive("pageSize", 500)))


def positive(name: str, default: int) -> int:
    """A positive whole number of the query."""
    text = request.args.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise ApiError(400, f"{name} must be a positive number")
    return int(text)


def listed(name: str) -> list[str]:
    """A list of the query: repeated, with [] or with commas."""
    values = request.args.getlist(name) + request.args.getlist(f"{name}[]")
    return [part for value in values for part in value.split(",") if part]


def truth(name: str) -> bool | None:
    """A yes or no of the query, None when absent."""
    value = request.args.get(name)
    return None if value is None else value.lower() == "true"
