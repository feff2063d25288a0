"""The person's word on a stored row: kept in its own columns, and concluded from anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from banking.classify import SILENT, Word
from banking.models import Account, Transaction
from banking.models.rollups import Delta
from banking.upsert import parts
from banking.upsert.conclusions import conclude


@dataclass(frozen=True)
class Said:
    """All that a person can say about one row."""

    word: Word = SILENT
    note: str = ""
    tags: tuple[str, ...] = ()

    @classmethod
    def about(cls, row: Transaction) -> "Said":
        return cls(Word(row.person_category_id, row.hidden, row.person_kind), row.note, tuple(row.tags))

    @property
    def columns(self) -> dict[str, Any]:
        """As the row keeps it."""
        return {
            "person_category_id": self.word.category_id,
            "person_kind": self.word.kind,
            "hidden": self.word.hidden,
            "note": self.note,
            "tags": list(self.tags),
        }


def speak(account: Account, row: Transaction, said: Said, *, roots: Mapping[str, str]) -> list[Delta]:
    """Store what was said and what follows from it; gives by how much the sums move.

    The caller holds the item's sync state locked, so nobody else writes the row.
    """
    return speak_each(account, {row: said}, roots=roots)


def speak_each(
    account: Account, said: Mapping[Transaction, Said], *, roots: Mapping[str, str]
) -> list[Delta]:
    """The same of many rows of the account: one statement for all of which the same is said."""
    alike: dict[Said, list[UUID]] = {}
    for row, one in said.items():
        alike.setdefault(one, []).append(row.id)
        _set(row, one)
    for one, ids in alike.items():
        Transaction.objects.filter(id__in=ids).update(**one.columns)
    return conclude(account, said, roots=roots).deltas


def _set(row: Transaction, said: Said) -> None:
    for name, value in said.columns.items():
        setattr(row, name, value)


def carry(account: Account, gone: Transaction, came: Transaction, *, roots: Mapping[str, str]) -> list[Delta]:
    """What was said about a row is now said about another, its parts included."""
    # The word first: `came` is what the table has, which it is no longer when its parts have followed.
    spoken = speak(account, came, Said.about(gone), roots=roots)
    gone.parts.update(part_of=came)
    return [*spoken, *parts.follow(account, roots=roots)]
