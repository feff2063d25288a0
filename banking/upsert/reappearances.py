"""A row that went and came back under another id keeps what the person said, when there is no doubt.

Around the closing of a bill a bank sends a row anew: deleted here, created there, and nothing links the two.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from banking.models import Account, Reappearance, Transaction
from banking.models.rollups import Delta
from banking.models.transactions import SPOKEN_OF, TransactionQuerySet
from banking.upsert import words

DAYS = timedelta(days=5)  # between the two rows' own dates
GAP = timedelta(days=10)  # a row that comes longer than this after the other went is another
OVERLAP = timedelta(days=1)  # two that lived beside each other for longer are two
MOST_OFFERS = 5
WORD = re.compile(r"[a-z0-9]{2,}")

Key = tuple[object, ...]


@dataclass(frozen=True)
class _Match:
    gone: Transaction
    came: list[Transaction]
    is_certain: bool


def settle(account: Account, *, now: datetime, roots: Mapping[str, str]) -> list[Delta]:
    """Carry words over, or offer them; after each write of rows, in its transaction, under the lease.

    Gives by how much the sums move, so that a row counts from its first commit as the person said.
    """
    gone = list(_gone(account, now).spoken_of())
    if not gone:
        return []
    came = list(_came(account, gone))
    if not came:
        return []
    matches = _matches(gone, came, rivals=_gone(account, now))
    return [delta for match in matches for delta in _carry(account, match, roots, now)]


def replaced(account: Account, ids: Iterable[UUID], *, now: datetime) -> int:
    """How many of these rows have a new one in their place, by value alone: they are not lost."""
    leaving = list(account.transactions.filter(id__in=list(ids)))
    new = account.transactions.live().from_bank().filter(bank_created_at__gte=now - OVERLAP)
    places = Counter(_look(row) for row in new.exclude(id__in=[row.id for row in leaving]))
    return sum((Counter(_look(row) for row in leaving) & places).values())


def _gone(account: Account, now: datetime) -> TransactionQuerySet:
    """Tombstones of the last days that were not found again yet."""
    found_again = Reappearance.objects.filter(gone_id=OuterRef("id"))
    return account.transactions.from_bank().filter(~Exists(found_again), deleted_at__gte=now - GAP)


def _came(account: Account, gone: Sequence[Transaction]) -> TransactionQuerySet:
    """Live rows that are new enough to be one of them, and about which nothing was said."""
    since = min(row.deleted_at for row in gone if row.deleted_at) - GAP
    alike = Q(amount__in={row.amount for row in gone})
    named = Q(provider_id__in={row.provider_id for row in gone} - {""})
    taken = Reappearance.objects.filter(came_id=OuterRef("id")).exclude(state=Reappearance.State.DECLINED)
    live = (
        account.transactions.live()
        .from_bank()
        .filter(alike | named, ~Exists(taken), bank_created_at__gte=since)
    )
    return live.exclude(SPOKEN_OF)


def _matches(
    gone: Sequence[Transaction], came: Sequence[Transaction], *, rivals: Iterable[Transaction]
) -> list[_Match]:
    """Certain is what has exactly one candidate on both sides, rows without a word included."""
    options = {row.id: _options(row, came) for row in rivals}
    asked = Counter(one.id for found in options.values() for one in found)
    matches = []
    for row in gone:
        found = options[row.id]
        alone = len(found) == 1 and asked[found[0].id] == 1
        matches.append(_Match(row, found, alone and _followed_soon(row, found[0])))
    return [match for match in matches if match.came]


def _options(gone: Transaction, came: Sequence[Transaction]) -> list[Transaction]:
    """Those with the bank's own number for it, else those that look like it."""
    near = [row for row in came if not _lived_beside(gone, row)]
    named = [row for row in near if gone.provider_id and row.provider_id == gone.provider_id]
    return named or [row for row in near if _look(row) == _look(gone) and _is_like(gone, row)]


def _look(row: Transaction) -> Key:
    return (row.type, row.amount, row.currency, row.installment_number)


def _is_like(gone: Transaction, came: Transaction) -> bool:
    return abs(gone.local_date - came.local_date) <= DAYS and _similar(gone.description, came.description)


def _similar(one: str, other: str) -> bool:
    """Half of the words of the shorter text stand in the longer: banks add cities, dates and numbers."""
    ours, theirs = _words(one), _words(other)
    if not ours or not theirs:
        return one.strip() == other.strip()
    return len(ours & theirs) * 2 >= min(len(ours), len(theirs))


def _words(text: str) -> set[str]:
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return set(WORD.findall(bare))


def _lived_beside(gone: Transaction, came: Transaction) -> bool:
    """For long, by Pluggy's clock and by what we knew: then they were two from the beginning."""
    assert gone.deleted_at is not None
    return gone.deleted_at - max(came.bank_created_at, came.read_at) > OVERLAP


def _followed_soon(gone: Transaction, came: Transaction) -> bool:
    """Pluggy made the new row about when the old one went; else it may be next week's coffee."""
    assert gone.deleted_at is not None
    return abs(gone.deleted_at - came.bank_created_at) <= OVERLAP


def _carry(account: Account, match: _Match, roots: Mapping[str, str], now: datetime) -> list[Delta]:
    gone, moved = match.gone, match.is_certain
    state = Reappearance.State.MOVED if moved else Reappearance.State.OFFERED
    Reappearance.objects.bulk_create(
        [
            Reappearance(
                user_id=gone.user_id, account_id=gone.account_id, gone_id=gone.id, came_id=row.id,
                state=state, at=now,
            )
            for row in match.came[:MOST_OFFERS]
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    if not moved:
        return []
    return words.carry(account, gone, match.came[0], roots=roots)
