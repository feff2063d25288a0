"""Pluggy is told of the category that a person chose for one of the bank's rows: best effort, some tries."""

import logging
from datetime import datetime, timedelta

from django.db.models import F, Q

from banking.models import OTHER, Telling, Transaction
from banking.pluggy import Client, Gone, Limited, PluggyError, Refused, Unauthorized

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 5
PATIENCE = timedelta(minutes=10)  # between two tries
MOST_AT_ONCE = 100


def owe(row: Transaction, category_id: str | None) -> None:
    """Pluggy is to be told of the person's new choice, or of its own former word if they withdraw theirs.

    To be called in the transaction that stores the choice, before it does. A part is ours alone. Pluggy
    soon sends what it was told as its own: withdrawing brings back what it had said before.
    """
    if row.part_of_id is not None or category_id == row.person_category_id:
        return
    known = Telling.objects.filter(transaction=row).first()
    before = known.bank_category_id if known else row.bank_category_id
    if category_id is None and row.bank_category_id != before:
        row.bank_category_id = before
        row.save(update_fields=["bank_category_id"])
    wanted = category_id or before or OTHER
    if known is None and wanted == before:
        return
    news = {"category_id": wanted, "is_open": True, "attempts": 0, "tried_at": None}
    first = {"user_id": row.user_id, "bank_category_id": before}
    Telling.objects.update_or_create(transaction=row, defaults=news, create_defaults=news | first)


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
