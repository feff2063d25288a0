"""Pluggy is told of the category that a person chose for one of the bank's rows: best effort, some tries."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q

from banking.models import OTHER, Telling, Transaction
from banking.pluggy import Client, Gone, Limited, PluggyError, Refused, Unauthorized

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 5
PATIENCE = timedelta(minutes=10)  # between two tries
MOST_AT_ONCE = 100
MOST_PER_STATEMENT = 1_000


def owe(said: Mapping[Transaction, str | None]) -> None:
    """Pluggy is to be told of new choices, or of its own former word where they are withdrawn (None).

    To be called in the transaction that stores the choices, before it does. A part is ours alone. Pluggy
    soon sends what it was told as its own: withdrawing brings back what it had said before.
    """
    chosen = {row: id for row, id in said.items() if not row.part_of_id and id != row.person_category_id}
    known = Telling.objects.in_bulk([row.id for row in chosen])
    _take_back([row for row, category_id in chosen.items() if category_id is None], known)
    owed = [_owed(row, category_id, known.get(row.id)) for row, category_id in chosen.items()]
    Telling.objects.bulk_create(
        [one for one in owed if one.pk in known or one.category_id != one.bank_category_id],
        update_conflicts=True,
        unique_fields=["transaction"],
        update_fields=["category_id", "is_open", "attempts", "tried_at"],
        batch_size=MOST_PER_STATEMENT,
    )


def _take_back(rows: Iterable[Transaction], known: Mapping[UUID, Telling]) -> None:
    """Where Pluggy's former word was remembered, it holds again."""
    echoed = [row for row in rows if row.id in known]
    for row in echoed:
        row.bank_category_id = known[row.id].bank_category_id
    Transaction.objects.bulk_update(echoed, ["bank_category_id"], batch_size=MOST_PER_STATEMENT)


def _owed(row: Transaction, category_id: str | None, known: Telling | None) -> Telling:
    before = known.bank_category_id if known else row.bank_category_id
    told = category_id or before or OTHER
    return Telling(transaction=row, user_id=row.user_id, category_id=told, bank_category_id=before)


def tell_all(*, client: Client, now: datetime) -> None:
    """Whatever is owed and worth a try now, the longest waiting first."""
    waited = Q(tried_at=None) | Q(tried_at__lt=now - PATIENCE)
    owed = Telling.objects.filter(waited, is_open=True).order_by(F("tried_at").asc(nulls_first=True))
    for telling in owed[:MOST_AT_ONCE]:
        try:
            _tell(telling, client=client, now=now)
        except (Limited, Unauthorized) as error:
            logger.info("Pluggy is told of categories later: %s", error)
            return


def _tell(telling: Telling, *, client: Client, now: datetime) -> None:
    try:
        client.recategorise(telling.transaction_id, telling.category_id)
    except (Limited, Unauthorized):
        raise  # not this row's trouble
    except (Gone, Refused) as error:
        _close(telling, error)
    except PluggyError as error:
        if telling.attempts + 1 >= MOST_ATTEMPTS:
            _close(telling, error)
        else:
            _same(telling).update(attempts=F("attempts") + 1, tried_at=now)
    else:
        _close(telling)


def _close(telling: Telling, error: PluggyError | None = None) -> None:
    """Told or given up. What is back at Pluggy's own word needs no memory."""
    if error is not None:
        logger.warning("Pluggy was not told the category of %s: %s", telling.transaction_id, error)
    if telling.category_id == (telling.bank_category_id or OTHER):
        _same(telling).delete()
    else:
        _same(telling).update(is_open=False)


def _same(telling: Telling):  # type: ignore[no-untyped-def]
    """Unless the person has chosen again meanwhile: that is another story."""
    return Telling.objects.filter(
        transaction_id=telling.transaction_id, category_id=telling.category_id, is_open=True
    )
