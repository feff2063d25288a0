"""GET /categories and GET /categories/{id}: the tree of data/categories.json."""

import json
from functools import cache
from typing import Any

from flask import Blueprint, request

from dev.sandbox.api.errors import ApiError
from dev.sandbox.api.pages import page
from dev.sandbox.world.voice import CATEGORIES

bp = Blueprint("categories", __name__)
Json = dict[str, Any]


@cache
def _tree() -> dict[str, Json]:
    return {row["id"]: row for row in json.loads(CATEGORIES.read_text(encoding="utf-8"))}


@bp.get("/categories")
def index() -> Json:
    """All categories in one page, or the children of one."""
    parent = request.args.get("parentId")
    return page([row for row in _tree().values() if parent is None or row["parentId"] == parent])


@bp.get("/categories/<category_id>")
def show(category_id: str) -> Json:
    """One category."""
    if category_id not in _tree():
        raise ApiError(404, "category not found", "CATEGORY_NOT_FOUND")
    return _tree()[category_id]
