"""How much of a history a page shows: 12 or 24 months, or all; chosen by `?months=`."""

from typing import Any

from django.http import HttpRequest

RANGES: dict[str, int | None] = {"12": 12, "24": 24, "all": None}
DEFAULT = "12"


def selected_months(request: HttpRequest) -> int | None:
    """Return the number of months; None for all."""
    return RANGES[_selected(request)]


def context(request: HttpRequest) -> dict[str, Any]:
    """Return the context of templates/banking/shared/_month_ranges.html."""
    return {"selected_range": _selected(request), "month_ranges": list(RANGES)}


def _selected(request: HttpRequest) -> str:
    value = request.GET.get("months", DEFAULT)
    return value if value in RANGES else DEFAULT
