"""Category rules: store them and apply them to new transactions."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from pluggy_sandbox.store.database import Database
from pluggy_sandbox.store.packing import dumps

Json = dict[str, Any]
MATCH_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "exact": str.__eq__,
    "contains": str.__contains__,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
}


def all_rules(database: Database) -> list[Json]:
    """Return all rules, oldest first."""
    rows = database.fetch_all("SELECT data FROM category_rules ORDER BY position")
    return [json.loads(row["data"]) for row in rows]


def add(database: Database, rule: Json) -> None:
    """Store a rule given in the format of the API."""
    next_position = "(SELECT COALESCE(MAX(position), 0) + 1 FROM category_rules)"
    with database.write_transaction() as connection:
        connection.execute(
            f"INSERT INTO category_rules VALUES (?, {next_position}, ?)", (rule["id"], dumps(rule))
        )


def delete(database: Database, rule_id: str) -> None:
    """Delete a rule; transactions that it has categorized keep their category."""
    with database.write_transaction() as connection:
        connection.execute("DELETE FROM category_rules WHERE id = ?", (rule_id,))


def apply(database: Database, transactions: Iterable[Json]) -> None:
    """Set the category of new transactions, in place, by the newest matching rule; case is ignored.

    Transactions that are not on a card count as CHECKING_ACCOUNT, the only other account type that rules
    know.
    """
    newest_first = all_rules(database)[::-1]
    for transaction in transactions if newest_first else ():
        rule = next((rule for rule in newest_first if _matches(rule, transaction)), None)
        if rule:
            transaction |= {"categoryId": rule["categoryId"], "category": rule["category"]}


def _matches(rule: Json, transaction: Json) -> bool:
    account_type = "CREDIT_CARD" if transaction.get("creditCardMetadata") else "CHECKING_ACCOUNT"
    if rule["transactionType"] not in (None, transaction["type"]):
        return False
    if rule["accountType"] not in (None, account_type):
        return False
    match = MATCH_FUNCTIONS[rule["matchType"]]
    return match(str(transaction["description"]).casefold(), rule["description"].casefold())
