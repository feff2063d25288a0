"""Check that a transaction that two connections to one account list counts once."""

from decimal import Decimal

from django.db.models import Count, Exists, OuterRef
from django.db.models.functions import Coalesce

from accounts.querysets import OwnedQuerySet
from banking.connections.models import SyncState
from banking.ledger.models import CoveredTransaction, Transaction
from banking.ledger.models.transactions import TransactionQuerySet
from banking.verify.violation import Violation

NAME = "a transaction that two connections list counts once"
EQUAL = ("local_date", "type", "amount", "currency", "description", "converted")


def violations() -> list[Violation]:
    """Return the transactions that count twice or not at all, of users whose syncs have seen all changes."""
    wrong = {
        "counts in both": _counted_twice(),
        "counts in neither": _counted_nowhere(),
        "counts as the same one as another": _sharing_one(),
    }
    return [
        Violation(NAME, f"transaction {transaction_id} {how}", item_id)
        for how, transactions in wrong.items()
        for transaction_id, item_id in transactions.values_list("id", "account__item_id")
    ]


def _settled() -> TransactionQuerySet:
    """Return the live transactions of users of whom no sync is under way or has left changes to compare."""
    pending = SyncState.objects.exclude(unmatched_from=None, lease_until=None)
    of_bank = Transaction.objects.live().from_bank().exclude(user_id__in=pending.values("item__user_id"))
    return of_bank.annotate(converted=Coalesce("amount_in_account_currency", Decimal(0)))


def _covers() -> OwnedQuerySet[CoveredTransaction]:
    """Return the pairs whose covered transaction the bank still has."""
    live = Transaction.objects.live().filter(id=OuterRef("transaction_id"))
    return CoveredTransaction.objects.filter(Exists(live))


def _counted_twice() -> TransactionQuerySet:
    """Find transactions of a superseded account that equal one of its successor while neither has a partner."""
    has_partner = Exists(CoveredTransaction.objects.filter(transaction_id=OuterRef("id")))
    is_partner = Exists(_covers().filter(counted_id=OuterRef("id")))
    equal = {name: OuterRef(name) for name in EQUAL}
    twins = _settled().filter(~is_partner, account_id=OuterRef("account__counted_as"), **equal)
    return _settled().filter(~has_partner, Exists(twins), account__is_superseded=True)


def _counted_nowhere() -> TransactionQuerySet:
    """Find transactions whose partner, which should count, the bank no longer has."""
    partner = Transaction.objects.live().filter(id=OuterRef("counted_id"))
    return _settled().filter(id__in=_covers().filter(~Exists(partner)).values("transaction_id"))


def _sharing_one() -> TransactionQuerySet:
    """Find transactions that have a partner in common with another one of the same account."""
    pairs = _covers().order_by().values("account_id", "counted_id").annotate(count=Count("pk"))
    shared = pairs.filter(count__gt=1).values("counted_id")
    return _settled().filter(id__in=_covers().filter(counted_id__in=shared).values("transaction_id"))
