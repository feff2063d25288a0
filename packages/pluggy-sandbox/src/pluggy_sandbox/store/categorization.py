"""Whether the application has Pluggy's categories: an add-on that a trial includes."""

import json

from pluggy_sandbox.store import key_values
from pluggy_sandbox.store.database import Database

KEY, OFF = "categorization", "off"


def is_on(database: Database) -> bool:
    """Return whether transactions have categories."""
    return key_values.get(database, KEY) != OFF


def switch(database: Database, *, on: bool) -> None:
    """Let all transactions have categories, or none."""
    key_values.put(database, KEY, "on" if on else OFF)


def without_category(body: bytes) -> bytes:
    """Return the JSON of a transaction with a null category, as an application without the add-on gets it."""
    data = json.loads(body) | {"category": None, "categoryId": None}
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
