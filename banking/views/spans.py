"""How much of a history a page shows: twelve months, twenty-four or all of it, as its address says."""

from typing import Any

from django.http import HttpRequest

SPANS: dict[str, int | None] = {"12": 12, "24": 24, "all": None}
FIRST = "12"


def chosen(request: HttpRequest) -> str:
    """Anything else is the first choice."""
    word = request.GET.get("months", FIRST)
    return word if word in SPANS else FIRST


def choices(request: HttpRequest) -> dict[str, Any]:
    """For banking/_spans.html."""
    return {"span": chosen(request), "spans": list(SPANS)}
