"""The person's word on a stored row: kept in its own columns, and concluded from anew."""

from collections.abc import Mapping
from dataclasses import dataclass

from banking.classify import SILENT, Word
from banking.models import Account, Link, RowChange, Transaction
from banking.models.rollups import Delta
from banking.upsert import history, parts
from banking.upsert.conclusions import conclude

COLUMNS = ("person_category", "person_kind", "hidden", "note", "tags")


@dataclass(frozen=True)
class Said:
    """All that a person can say about one row."""

    word: Word = SILENT
    note: str = ""
    tags: tuple[str, ...] = ()

    @classmethod
    def about(cls, row: Transaction) -> "Said":
        return cls(Word(row.person_category_id, row.hidden, row.person_kind), row.note, tuple(row.tags))


def speak(account: Account, row: Transaction, said: Said, *, roots: Mapping[str, str]) -> list[Delta]:
    """Store what was said and what follows from it; gives by how much the sums move.

    The caller holds the item's sync state locked, so nobody else writes the row.
    """
    before = history.seen([row])
    row.person_category_id, row.person_kind, row.hidden = (
        said.word.category_id,
        said.word.kind,
        said.word.hidden,
    )
    row.note, row.tags = said.note, list(said.tags)
    row.save(update_fields=COLUMNS)
    deltas = conclude(account, [row], roots=roots, by=None).deltas
    history.tell([row], before, by=RowChange.By.YOU)
    given_back = [link.into for link in row.links_out.in_force().filter(kind=Link.Kind.REFUND)]
    return deltas + conclude(account, given_back, roots=roots).deltas if given_back else deltas


def carry(account: Account, gone: Transaction, came: Transaction, *, roots: Mapping[str, str]) -> list[Delta]:
    """What was said about a row is now said about another, its parts and its history included."""
    gone.parts.update(part_of=came)
    gone.changes.update(row=came)
    _carry_answers(gone, came)
    return [
        *parts.follow(account, roots=roots),
        *speak(account, came, Said.about(gone), roots=roots),
    ]


def _carry_answers(gone: Transaction, came: Transaction) -> None:
    """What was said about its links; what was only found is found again."""
    for leg in ("out", "into"):
        if not Link.objects.filter(**{leg: came}).exclude(said_at=None).exists():
            Link.objects.filter(**{leg: came}).delete()
            Link.objects.filter(**{leg: gone}).exclude(said_at=None).update(**{leg: came})
