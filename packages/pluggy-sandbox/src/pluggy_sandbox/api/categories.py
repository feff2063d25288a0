"""GET /categories and GET /categories/{id}."""

import json
from functools import cache
from typing import Any

from flask import Blueprint, request

from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.api.pagination import page
from pluggy_sandbox.world.categories import CATEGORIES

bp = Blueprint("categories", __name__)
Json = dict[str, Any]


@cache
def _categories_by_id() -> dict[str, Json]:
    return {category["id"]: category for category in json.loads(CATEGORIES.read_text(encoding="utf-8"))}


@bp.get("/categories")
def index() -> Json:
    """List all categories in one page, or the children of one."""
    parent_id = request.args.get("parentId")
    return page(
        [
            category
            for category in _categories_by_id().values()
            if parent_id is None or category["parentId"] == parent_id
        ]
    )


@bp.get("/categories/<category_id>")
def show(category_id: str) -> Json:
    """Return one category."""
    if category_id not in _categories_by_id():
        raise ApiError(404, "category not found", "CATEGORY_NOT_FOUND")
    return _categories_by_id()[category_id]
