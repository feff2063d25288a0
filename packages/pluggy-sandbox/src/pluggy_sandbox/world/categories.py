"""Pluggy's category tree (data/categories.json)."""

import json
from functools import cache
from pathlib import Path

CATEGORIES = Path(__file__).parents[1] / "data" / "categories.json"


@cache
def category_names() -> dict[str, str]:
    """Map each category id to its English name."""
    categories = json.loads(CATEGORIES.read_text(encoding="utf-8"))
    return {category["id"]: category["description"] for category in categories}


def category_name(category_id: object) -> str | None:
    """Return the English name of a category, or None for an unknown id."""
    return category_names().get(category_id) if isinstance(category_id, str) else None
