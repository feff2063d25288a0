"""Load the categories from the file in the repository, or from Pluggy."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from django.core.management.base import BaseCommand, CommandParser
from django.db.transaction import atomic

from banking.ledger.models import Category, CategoryTree
from banking.pluggy import payloads
from banking.web.api_client import pluggy

FILE = Path(__file__).resolve().parents[3] / "ledger" / "data" / "categories.json"


class CategoryEntry(NamedTuple):
    id: str
    en: str
    pt: str
    parent: str | None


class Command(BaseCommand):
    help = "Create or update the categories; none is deleted. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from-pluggy", action="store_true", help="load them from Pluggy instead of the file"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        entries = _from_pluggy() if options["from_pluggy"] else _from_file()
        store(entries)
        CategoryTree.clear_cache()
        if options["verbosity"]:
            self.stdout.write(f"{len(entries)} categories")


def _from_file() -> list[CategoryEntry]:
    return [CategoryEntry(**entry) for entry in json.loads(FILE.read_text(encoding="utf-8"))]


def _from_pluggy() -> list[CategoryEntry]:
    return entries_of(pluggy().categories())


def entries_of(listed: Iterable[payloads.Category]) -> list[CategoryEntry]:
    """Return the categories that Pluggy lists; a name or parent that cannot be read stays as it is stored."""
    stored = Category.objects.in_bulk()
    entries = []
    for payload in listed:
        old = stored.get(payload.id)
        name = payload.description or (old.name_en if old else payload.id)
        translated = payload.description_translated or (old.name_pt if old else name)
        entries.append(CategoryEntry(payload.id, name, translated, payload.parent_id))
    parents = {entry.id: entry.parent for entry in entries}
    kept = {category_id: category.parent_id for category_id, category in stored.items()}
    return [
        entry if entry.parent and _is_rooted(entry.id, parents) else entry._replace(parent=kept.get(entry.id))
        for entry in entries
    ]


def _is_rooted(category_id: str, parents: Mapping[str, str | None]) -> bool:
    """Tell whether the parents of a category lead to one without a parent, and not to an unknown one or back."""
    seen: set[str] = set()
    current: str | None = category_id
    while current is not None:
        if current in seen or current not in parents:
            return False
        seen.add(current)
        current = parents[current]
    return True


@atomic
def store(entries: list[CategoryEntry]) -> None:
    parents = dict(Category.objects.values_list("id", "parent")) | {
        entry.id: entry.parent for entry in entries
    }
    categories = [
        Category(
            id=entry.id,
            name_en=entry.en,
            name_pt=entry.pt,
            parent_id=entry.parent,
            root_id=_root(entry.id, parents),
        )
        for entry in entries
    ]
    Category.objects.bulk_create(
        categories,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["name_en", "name_pt", "parent", "root_id"],
    )


def _root(category_id: str, parents: dict[str, str | None]) -> str:
    path = [category_id]
    while (parent := parents[path[-1]]) is not None and parent not in path:
        path.append(parent)
    return path[-1]
