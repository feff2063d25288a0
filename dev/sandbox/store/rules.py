"""Category rules as kept, and what they do to a transaction that is collected after them."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from dev.sandbox.store.database import Database
from dev.sandbox.store.packing import dumps

Json = dict[str, Any]
MATCHES: dict[str, Callable[[str, str], bool]] = {
    "exact": str.__eq__,
    "contains": str.__contains__,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
}


def everything(database: Database) -> list[Json]:
    """All rules, oldest first."""
    rows = database.rows("SELECT data FROM category_rules ORDER BY position")
    return [json.loads(row["data"]) for row in rows]


def add(database: Database, rule: Json) -> None:
    """Keep a rule given as its API JSON."""
    place = "(SELECT COALESCE(MAX(position), 0) + 1 FROM category_rules)"
    with database.writing() as connection:
        connection.execute(f"INSERT INTO category_rules VALUES (?, {place}, ?)", (rule["id"], dumps(rule)))


def delete(database: Database, rule_id: str) -> None:
    """Remove a rule; rows that it has categorised keep their category."""
    with database.writing() as connection:
        connection.execute("DELETE FROM category_rules WHERE id = ?", (rule_id,))


def apply(database: Database, rows: Iterable[Json]) -> None:
    """Give new rows, in place, the category of the newest rule that fits each; capitals do not matter.

    What is not on a card counts as CHECKING_ACCOUNT, the only other account type that rules know.
    """
    newest_first = everything(database)[::-1]
    for row in rows if newest_first else ():
        rule = next((rule for rule in newest_first if _fits(rule, row)), None)
        if rule:
            row |= {"categoryId": rule["categoryId"], "category": rule["category"]}


def _fits(rule: Json, row: Json) -> bool:
    account_type = "CREDIT_CARD" if row.get("creditCardMetadata") else "CHECKING_ACCOUNT"
    if rule["transactionType"] not in (None, row["type"]) or rule["accountType"] not in (None, account_type):
        return False
    match = MATCHES[rule["matchType"]]
    return match(str(row["description"]).casefold(), rule["description"].casefold())
