"""After the chaos: every row is the bank's, every note the person's, and `verify` finds nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dev.stage import Stage

WRONG = ("lost", "doubled", "stale", "ghosts", "edits_lost")


@dataclass
class Tally:
    """What one run did, and what is wrong at its end."""

    kills: int = 0
    events: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    details: list[str] = field(default_factory=list)


def judge(stage: Stage, tally: Tally, *, items: Sequence[str], notes: Mapping[str, str]) -> None:
    """Count what is wrong, item by item."""
    for item in items:
        truth = stage.control("GET", f"/truth/items/{item}")
        _compare(
            stage, tally, {row["id"]: row for rows in truth["transactions"].values() for row in rows}, item
        )
    _notes_are_kept(stage, tally, notes)
    checked = stage.manage("verify", "--remote", check=False)
    if checked.returncode:
        tally.wrong["violations"] += 1
        tally.details.append(checked.stdout + checked.stderr)


def _compare(stage: Stage, tally: Tally, told: dict[str, Any], item: str) -> None:
    sql = (
        "SELECT t.id, t.amount, t.status, t.description FROM banking_transaction t"
        " JOIN banking_account a ON a.id = t.account_id WHERE a.item_id = %s AND t.deleted_at IS NULL"
    )
    stored = {str(row_id): (round(amount, 2), *rest) for row_id, amount, *rest in stage.query(sql, item)}
    true = {row_id: _looks(row) for row_id, row in told.items()}
    extra = [stored[row_id] for row_id in stored.keys() - true.keys()]
    doubled = sum(look in true.values() for look in extra)
    tally.wrong["lost"] += len(true.keys() - stored.keys())
    tally.wrong["doubled"] += doubled
    tally.wrong["ghosts"] += len(extra) - doubled
    tally.wrong["stale"] += sum(stored[one] != true[one] for one in true.keys() & stored.keys())


def _notes_are_kept(stage: Stage, tally: Tally, notes: Mapping[str, str]) -> None:
    for row_id, note in notes.items():
        found = stage.query("SELECT note FROM banking_transaction WHERE id = %s", row_id)
        tally.wrong["edits_lost"] += [(note,)] != found


def _looks(row: dict[str, Any]) -> tuple[Decimal, str, str]:
    return round(Decimal(str(row["amount"])), 2), row["status"], row["description"]
