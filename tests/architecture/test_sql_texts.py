"""The longest SQL statements, composed as PostgreSQL receives them, beside files that a reader can open.

The statements are composed from column lists, so a change of a model changes them. This test shows how.
`UPDATE_GOLDEN=1 make test ARGS="-k sql_texts" CHECK="--only tests"` writes the files anew.
"""

import os
from pathlib import Path
from textwrap import dedent

import pytest

from banking.ingest import transaction_upsert
from banking.ledger import derived_fields
from webhooks import event_store

FOLDER = Path(__file__).parent / "golden"
STATEMENTS = {
    "copy": transaction_upsert.SQL_COPY,
    "merge": transaction_upsert.SQL_MERGE,
    "remove": transaction_upsert.SQL_REMOVE,
    "update_derived_columns": derived_fields._SQL_UPDATE,
    "store_event": event_store._SQL_EVENT,
    "mark_item_changed": event_store._SQL_MARK_CHANGED,
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_composed_statement_equals_its_file(name: str) -> None:
    path = FOLDER / f"{name}.sql"
    composed = dedent(STATEMENTS[name]).strip() + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(composed, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == composed


def test_every_file_has_its_statement() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(STATEMENTS)
