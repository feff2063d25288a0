"""The person's word on a stored row: kept in its own columns, and concluded from anew."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from banking.classify import SILENT, Word
from banking.models import Account, Link, RowChange, Transaction
from banking.models.rollups import Delta
from banking.upsert import history, parts
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
    before = history.seen(said)
    alike: dict[Said, list[UUID]] = {}
    for row, one in said.items():
        alike.setdefault(one, []).append(row.id)
        _set(row, one)
    for one, ids in alike.items():
        Transaction.objects.filter(id__in=ids).update(**one.columns)
    deltas = conclude(account, said, roots=roots, by=None).deltas
    history.tell(said, before, by=RowChange.By.YOU)
    return [*deltas, *_follow(account, said, roots)]


def _set(row: Transaction, said: Said) -> None:
    for name, value in said.columns.items():
        setattr(row, name, value)


def _follow(account: Account, rows: Iterable[Transaction], roots: Mapping[str, str]) -> list[Delta]:
    """A refund is of the category of its purchase."""
    links = Link.objects.in_force().filter(out__in=rows, kind=Link.Kind.REFUND).select_related("into")
    given_back = [link.into for link in links]
    return conclude(account, given_back, roots=roots).deltas if given_back else []


def carry(account: Account, gone: Transaction, came: Transaction, *, roots: Mapping[str, str]) -> list[Delta]:
    """What was said about a row is now said about another, its parts and its history included."""
    gone.changes.update(row=came)
    _carry_answers(gone, came)
    # The word first: `came` is what the table has, which it is no longer when its parts have followed.
    spoken = speak(account, came, Said.about(gone), roots=roots)
    gone.parts.update(part_of=came)
    return [*spoken, *parts.follow(account, roots=roots)]


def _carry_answers(gone: Transaction, came: Transaction) -> None:
    """What was said about its links; what was only found is found again."""
    for leg in ("out", "into"):
        if not Link.objects.filter(**{leg: came}).exclude(said_at=None).exists():
            Link.objects.filter(**{leg: came}).delete()
            Link.objects.filter(**{leg: gone}).exclude(said_at=None).update(**{leg: came})
