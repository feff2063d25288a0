"""Compare the product's database with the banks' data after a chaos run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dev.product_stack import ProductStack

ERROR_KINDS = ("lost", "doubled", "stale", "ghosts", "edits_lost", "edits_misplaced", "violations")
ComparedFields = tuple[Decimal, str, str, str]  # amount, status, description, type
# What the local Pluggy calls postings that get the id of another one.
REUSED_DESCRIPTIONS = ("CREDITO BONIFICACAO", "POSTO ESTRELA")


@dataclass
class ChaosResult:
    """Count what one run did and the errors that were found after it."""

    kills: int = 0
    events: int = 0
    connected_again: int = 0  # banks
    reused_ids: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    details: list[str] = field(default_factory=list)


def count_errors(
    stack: ProductStack, result: ChaosResult, *, item_ids: Sequence[str], notes: Mapping[str, str]
) -> None:
    """Compare every transaction and every note, run `manage.py verify`, and count the errors in `result`.

    `notes` has the descriptions of the transactions to which the user wrote each note; empty where not known.
    """
    for item_id in item_ids:
        _compare_transactions(stack, result, item_id)
    _compare_notes(stack, result, notes)
    verification = stack.manage("verify", "--remote", check=False)
    if verification.returncode:
        result.errors["violations"] += 1
        result.details.append(verification.stdout + verification.stderr)


def _compare_transactions(stack: ProductStack, result: ChaosResult, item_id: str) -> None:
    bank_data = stack.control("GET", f"/truth/items/{item_id}")
    expected = {
        transaction["id"]: _compared_fields(transaction)
        for transactions in bank_data["transactions"].values()
        for transaction in transactions
    }
    sql = (
        "SELECT t.id, t.amount, t.status, t.description, t.type FROM ledger_transaction t"
        " JOIN ledger_account a ON a.id = t.account_id WHERE a.item_id = %s AND t.deleted_at IS NULL"
    )
    stored = {
        str(transaction_id): (round(amount, 2), *rest)
        for transaction_id, amount, *rest in stack.query(sql, item_id)
    }
    unexpected = [stored[transaction_id] for transaction_id in stored.keys() - expected.keys()]
    # A stored transaction with an unknown id is a double if the bank has one with the same values.
    doubled_count = sum(fields in expected.values() for fields in unexpected)
    result.errors["lost"] += len(expected.keys() - stored.keys())
    result.errors["doubled"] += doubled_count
    result.errors["ghosts"] += len(unexpected) - doubled_count
    result.errors["stale"] += sum(
        stored[transaction_id] != expected[transaction_id]
        for transaction_id in expected.keys() & stored.keys()
    )


def _compare_notes(stack: ProductStack, result: ChaosResult, notes: Mapping[str, str]) -> None:
    """Find notes that no transaction has, and those on a transaction that got the id of another posting.

    A note may be on another id than at first: of a transaction that was replaced, or of its other connection.
    """
    for note, words in notes.items():
        stored = stack.query("SELECT description FROM ledger_transaction WHERE note = %s", note)
        result.errors["edits_lost"] += not stored
        was_reused = words in REUSED_DESCRIPTIONS
        is_misplaced = any((description in REUSED_DESCRIPTIONS) != was_reused for (description,) in stored)
        if words and is_misplaced:
            result.errors["edits_misplaced"] += 1
            result.details.append(f"{note!r} of {words!r} is on {stored}")


def _compared_fields(transaction: dict[str, Any]) -> ComparedFields:
    amount = round(Decimal(str(transaction["amount"])), 2)
    return amount, transaction["status"], transaction["description"], transaction["type"]
