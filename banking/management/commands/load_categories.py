"""Load the category tree: from the file in the repository, or from Pluggy itself."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from banking.application import pluggy
from banking.models import Category, CategoryTree

FILE = Path(__file__).resolve().parents[2] / "data" / "categories.json"


class Entry(NamedTuple):
    id: str
    en: str
    pt: str
    parent: str | None


class Command(BaseCommand):
    help = "Create or correct the categories; none is ever removed. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from-pluggy", action="store_true", help="ask Pluggy instead of the file")

    def handle(self, *args: Any, **options: Any) -> None:
        entries = _from_pluggy() if options["from_pluggy"] else _from_file()
        store(entries)
        CategoryTree.forget()
        if options["verbosity"]:
            self.stdout.write(f"{len(entries)} categories")


def _from_file() -> list[Entry]:
    return [Entry(**row) for row in json.loads(FILE.read_text(encoding="utf-8"))]


def _from_pluggy() -> list[Entry]:
    return [
        Entry(row.id, row.description, row.description_translated or row.description, row.parent_id)
        for row in pluggy().categories()
    ]


@transaction.atomic
def store(entries: list[Entry]) -> None:
    parents = {entry.id: entry.parent for entry in entries}
    rows = [
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
        rows,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["name_en", "name_pt", "parent", "root_id"],
    )


def _root(category_id: str, parents: dict[str, str | None]) -> str:
    while (parent := parents[category_id]) is not None:
        category_id = parent
    return category_id
