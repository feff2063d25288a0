"""All rows concluded anew, after a definition has changed: a walk that goes on after an interruption."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q

from banking.actions.anew import Batch, Place, Was, anew
from banking.models import Account, CategoryTree, Reclassification, Transaction


class Move(NamedTuple):
    """So many rows were this and are that now; the sum is of their flow, in their currency."""

    currency: str
    was: Was
    now: Was
    rows: int
    total: Decimal


def begin(*, email: str, since: date | None, now: datetime) -> Reclassification:
    """The walk that was interrupted, else a new one."""
    unfinished = Reclassification.objects.filter(email=email, since=since, finished_at=None)
    return unfinished.last() or Reclassification.objects.create(email=email, since=since, started_at=now)


def left(walk: Reclassification) -> int:
    """How many rows it has before it, about: those of the account that it is at count as a whole."""
    return Transaction.objects.filter(_wanted(walk), account__in=_accounts(walk)).count()


def go_on(walk: Reclassification) -> Iterator[int]:
    """Walk to the end; tells after each commit how many rows are done."""
    roots = CategoryTree.load().roots
    for account_id in list(_accounts(walk).values_list("id", flat=True)):
        for _ in anew(
            account_id,
            _wanted(walk),
            roots=roots,
            after=_place(walk, account_id),
            committing=partial(_remember, walk),
        ):
            yield walk.rows


def finish(walk: Reclassification, *, now: datetime) -> None:
    walk.finished_at = now
    walk.save(update_fields=["finished_at"])


def moves(walk: Reclassification) -> list[Move]:
    """What changed, the most rows first."""
    return sorted((_move(key, *sums) for key, sums in walk.moves.items()), key=lambda one: -one.rows)


def _move(key: str, rows: int, total: str) -> Move:
    currency, was, now = key.split(" ")
    return Move(currency, Was(*was.split("/")), Was(*now.split("/")), rows, Decimal(total))


def _accounts(walk: Reclassification):  # type: ignore[no-untyped-def]
    """Those that it has not left behind."""
    accounts = Account.objects.order_by("id")
    if walk.email:
        accounts = accounts.filter(user__email=walk.email)
    return accounts.filter(id__gte=walk.account_id) if walk.account_id else accounts


def _wanted(walk: Reclassification) -> Q:
    return Q(local_date__gte=walk.since) if walk.since else Q()


def _place(walk: Reclassification, account_id: UUID) -> Place | None:
    if walk.account_id != account_id or walk.row_at is None or walk.row_id is None:
        return None
    return Place(walk.row_at, walk.row_id)


def _remember(walk: Reclassification, batch: Batch) -> None:
    """With the rows, or not at all."""
    if batch.place is None:
        return
    walk.account_id = batch.rows[0].account_id
    walk.row_at, walk.row_id = batch.place
    walk.rows += len(batch.rows)
    walk.changed += batch.changed
    walk.moves = _added(walk.moves, batch)
    walk.save(update_fields=["account_id", "row_at", "row_id", "rows", "changed", "moves"])


def _added(known: dict[str, list[Any]], batch: Batch) -> dict[str, list[Any]]:
    """By `currency kind/category kind/category`; amounts as text, to keep their cents in JSON."""
    found = dict(known)
    for row, was in zip(batch.rows, batch.was, strict=True):
        now = Was.of(row)
        if now != was:
            key = f"{row.flow_currency} {was.kind}/{was.category_id} {now.kind}/{now.category_id}"
            rows, total = found.get(key, (0, "0"))
            found[key] = [rows + 1, str(Decimal(total) + row.flow)]
    return found
