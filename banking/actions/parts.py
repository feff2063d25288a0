"""A person takes parts out of one of the bank's rows, changes them, and puts them back."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from banking import rollups
from banking.actions.transactions import lock
from banking.models import CategoryTree, Transaction
from banking.models.rollups import Delta
from banking.upsert import parts
from banking.upsert.conclusions import conclude


class TooMuch(ValueError):
    """The parts come to more than the row."""


class NotAPart(LookupError):
    """A part that is named is not one of this row."""


@dataclass(frozen=True)
class Piece:
    """A part as the person wants it. `amount`: positive, in the account's currency."""

    amount: Decimal
    category_id: str | None = None
    note: str = ""
    id: UUID | None = None  # of a part that there is already


@transaction.atomic
def split(row: Transaction, pieces: Sequence[Piece]) -> None:
    """The row has exactly these parts, and counts what is left. Raises TooMuch and NotAPart."""
    lock(row)
    known: dict[UUID | None, Transaction] = {part.id: part for part in row.parts.all()}
    whole = row.flow + sum(part.flow for part in known.values())
    if sum(piece.amount for piece in pieces) > abs(whole):
        raise TooMuch
    named = [piece.id for piece in pieces if piece.id]
    if len(set(named)) != len(named) or not known.keys() >= set(named):
        raise NotAPart
    deltas = [delta for part in known.values() for delta in Delta.of(part, sign=-1)]
    stored = [_stored(row, whole, piece, known.pop(piece.id, None)) for piece in pieces]
    Transaction.objects.filter(id__in=known).delete()
    deltas += [delta for part in stored for delta in Delta.of(part, sign=1)]
    concluded = conclude(row.account, [*stored, row], roots=CategoryTree.load().roots)
    rollups.apply(deltas + concluded.deltas)


def _stored(row: Transaction, whole: Decimal, piece: Piece, known: Transaction | None) -> Transaction:
    """What is said of it besides stays; what it is, conclude() says."""
    part = known or parts.make(row, piece.amount)
    part.amount, part.flow = piece.amount.copy_sign(row.amount), piece.amount.copy_sign(whole)
    part.person_category_id, part.note = piece.category_id, piece.note
    part.save(force_insert=known is None)
    return part
