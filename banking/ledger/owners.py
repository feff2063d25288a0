"""The owners of accounts: whose document a bank masks is known only when the user says it."""

from datetime import datetime

from django.db.models import Max, Min
from django.db.transaction import atomic

from banking.connections.models import SyncState
from banking.ledger import matching, monthly_totals
from banking.ledger.derived_fields import recompute
from banking.ledger.models import Account, CategoryTree, Transaction, TransactionChange


class NotAsked(ValueError):
    """The owner is known, or the counterparty cannot be the owner."""


@atomic
def answer(transaction: Transaction, *, is_owner: bool, now: datetime) -> None:
    """Store whether the counterparty of a transaction is the owner of its account. Raises NotAsked.

    Transfers to and from the owner then count as such. The answer is also that of the connection's other
    accounts whose owner it can be.
    """
    SyncState.objects.lock_all_for_user(transaction.user_id)
    item_id, counterparty = transaction.account.item_id, transaction.counterparty_hash
    accounts = [
        account
        for account in Account.objects.filter(item=item_id).select_related("item__connector")
        if account.may_be_owned_by(counterparty, shown=transaction.counterparty_document)
    ]
    if transaction.account_id not in [account.id for account in accounts]:
        raise NotAsked
    for account in accounts:
        if is_owner:
            account.owner_hash = counterparty
        else:
            account.rejected_owners = [*account.rejected_owners, counterparty]
        account.save(update_fields=["owner_hash", "rejected_owners"])
        apply_owner(account, "", source=TransactionChange.Source.USER)
    state = SyncState.objects.get(item_id=item_id)
    if state.unmatched_from and state.unmatched_to:
        dates = (state.unmatched_from, state.unmatched_to)
        roots = CategoryTree.load().roots
        matching.update_matches(transaction.user_id, dates, roots=roots, now=now)


def apply_owner(account: Account, old_hash: str, *, source: TransactionChange.Source) -> None:
    """Reclassify the transactions with the owner's document, now that it is known or another one.

    All transactions with a document are noted as unmatched: whose it is decides about the matches. The caller holds
    the lock of the connection.
    """
    hashes = [owner_hash for owner_hash in (old_hash, account.owner_hash) if owner_hash]
    transactions = list(account.transactions.filter(counterparty_hash__in=hashes))
    result = recompute(account, transactions, roots=CategoryTree.load().roots, source=source)
    monthly_totals.apply(result.deltas)
    with_document = account.transactions.exclude(counterparty_document="")
    first, last = with_document.aggregate(first=Min("local_date"), last=Max("local_date")).values()
    SyncState.objects.mark_dates_unmatched(account.item_id, (first, last) if first else None)
