"""Recognise a transaction that the bank deleted and sent again under a new id.

Around the closing of a bill, banks send transactions anew: one is deleted, another created, and nothing links
the two. What the user edited on the old one is carried over to the new one when there is no doubt; else it is
offered to them. Example: "UBER *TRIP -23.90" is deleted on the 26th and created the same day under another id;
if no other transaction of that amount came or went, it is the same one.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.db.transaction import atomic

from banking.ledger import monthly_totals, overrides
from banking.ledger.models import Account, CategoryTree, Transaction, TransactionReplacement
from banking.ledger.models.monthly_totals import MonthlyTotalDelta
from banking.ledger.models.transactions import HAS_EDITS, TransactionQuerySet
from banking.money.text import have_similar_words, share_words

MAX_DATE_DIFFERENCE = timedelta(days=5)  # between the dates of the two transactions
MAX_DELAY = timedelta(days=10)  # from the deletion of the old one until the new one comes
MAX_OVERLAP = timedelta(days=1)  # two that existed together for longer are different transactions
MAX_SUGGESTIONS = 5

State = TransactionReplacement.State


@dataclass(frozen=True)
class _ReplacedTransaction:
    old: Transaction
    options: list[Transaction]
    is_certain: bool


def handle_replacements(
    account: Account, *, now: datetime, roots: Mapping[str, str]
) -> list[MonthlyTotalDelta]:
    """Carry edits over to replacements, or suggest them; return the changes of the monthly totals.

    Call it after each write of transactions, in the same database transaction and under the lock of the
    connection. Then a replacement counts as the user decided as soon as it is committed.
    """
    edited = list(_deleted(account, now).edited())
    if not edited:
        return []
    new = list(_new(account, edited))
    if not new:
        return []
    matches = _match(edited, new, all_deleted=_deleted(account, now), numbers=_unique_numbers(account, new))
    return [delta for match in matches for delta in _store(account, match, roots, now)]


def replaced_count(account: Account, ids: Iterable[UUID], *, now: datetime) -> int:
    """Return how many of these transactions have a new one of the same amount, and so are not lost."""
    leaving = list(account.transactions.filter(id__in=list(ids)))
    recent = account.transactions.live().from_bank().filter(bank_created_at__gte=now - MAX_OVERLAP)
    new = recent.exclude(id__in=[transaction.id for transaction in leaving])
    return (Counter(map(_natural_key, leaving)) & Counter(map(_natural_key, new))).total()


def _deleted(account: Account, now: datetime) -> TransactionQuerySet:
    """Return recent tombstones for which no replacement was found yet.

    The transaction that has got the id of the old one replaces it only if the user says so.
    """
    found = Q(is_reused_id=False) | Q(state=State.ACCEPTED)
    known = TransactionReplacement.objects.filter(found, old_id=OuterRef("id"))
    return account.transactions.from_bank().filter(~Exists(known), deleted_at__gte=now - MAX_DELAY)


def _new(account: Account, deleted: Sequence[Transaction]) -> TransactionQuerySet:
    """Return live transactions that are recent enough to replace one of these and have no edits."""
    since = min(old.deleted_at for old in deleted if old.deleted_at) - MAX_DELAY
    same_amount = Q(amount__in={old.amount for old in deleted})
    same_number = Q(provider_id__in={old.provider_id for old in deleted} - {""})
    taken = TransactionReplacement.objects.filter(new_id=OuterRef("id")).exclude(state=State.REJECTED)
    live = account.transactions.live().from_bank()
    recent = live.filter(same_amount | same_number, ~Exists(taken), bank_created_at__gte=since)
    return recent.exclude(HAS_EDITS)


def _unique_numbers(account: Account, new: Iterable[Transaction]) -> set[str]:
    """Return the bank's numbers that only one live transaction has; others identify nothing."""
    numbers = {transaction.provider_id for transaction in new} - {""}
    if not numbers:
        return set()
    live = account.transactions.live().from_bank().filter(provider_id__in=numbers)
    counts = Counter(live.values_list("provider_id", flat=True))
    return {number for number, count in counts.items() if count == 1}


def _match(
    edited: Sequence[Transaction],
    new: Sequence[Transaction],
    *,
    all_deleted: Iterable[Transaction],
    numbers: Collection[str],
) -> list[_ReplacedTransaction]:
    """Match deleted transactions that have edits with new ones.

    A match is certain if each side is the other's only option. Deleted transactions without edits are options,
    too, because the new transaction may replace one of them.
    """
    options_of = {old.id: _options(old, new, numbers) for old in all_deleted}
    times_wanted = Counter(option.id for options in options_of.values() for option in options)
    matches = []
    for old in edited:
        options = options_of[old.id]
        is_only = len(options) == 1 and times_wanted[options[0].id] == 1
        matches.append(
            _ReplacedTransaction(old, options, is_only and _was_created_at_deletion(old, options[0]))
        )
    return [match for match in matches if match.options]


def _options(old: Transaction, new: Sequence[Transaction], numbers: Collection[str]) -> list[Transaction]:
    """Return those with the bank's own number of the old one, else those that look like it."""
    possible = [transaction for transaction in new if not _coexisted(old, transaction)]
    if old.provider_id in numbers:
        numbered = [
            transaction
            for transaction in possible
            if transaction.provider_id == old.provider_id and not _is_another(old, transaction)
        ]
        if numbered:
            return numbered
    key = _natural_key(old)
    return [
        transaction
        for transaction in possible
        if _natural_key(transaction) == key and _is_similar(old, transaction)
    ]


def _natural_key(transaction: Transaction) -> tuple[object, ...]:
    return (transaction.type, transaction.amount, transaction.currency, transaction.installment_number)


def _is_another(old: Transaction, new: Transaction) -> bool:
    """Tell whether sign, amount, words and day are all different: the bank used its number again."""
    return (
        (old.amount < 0) != (new.amount < 0)
        and abs(old.amount) != abs(new.amount)
        and old.local_date != new.local_date
        and not share_words(old.description, new.description)
    )


def _is_similar(old: Transaction, new: Transaction) -> bool:
    is_near = abs(old.local_date - new.local_date) <= MAX_DATE_DIFFERENCE
    return is_near and have_similar_words(old.description, new.description)


def _coexisted(old: Transaction, new: Transaction) -> bool:
    """Tell whether both existed together for so long, by both clocks, that they are different transactions."""
    assert old.deleted_at is not None
    return old.deleted_at - max(new.bank_created_at, new.read_at) > MAX_OVERLAP


def _was_created_at_deletion(old: Transaction, new: Transaction) -> bool:
    """Tell whether Pluggy created the new one about when the old one went.

    Otherwise it may be a similar purchase, for example the same coffee a week later.
    """
    assert old.deleted_at is not None
    return abs(old.deleted_at - new.bank_created_at) <= MAX_OVERLAP


def _store(
    account: Account, match: _ReplacedTransaction, roots: Mapping[str, str], now: datetime
) -> list[MonthlyTotalDelta]:
    old = match.old
    TransactionReplacement.objects.bulk_create(
        [
            TransactionReplacement(
                user_id=old.user_id,
                account_id=old.account_id,
                old_id=old.id,
                new_id=new.id,
                state=State.AUTOMATIC if match.is_certain else State.SUGGESTED,
                changed_at=now,
            )
            for new in match.options[:MAX_SUGGESTIONS]
        ],
        ignore_conflicts=True,
    )
    if not match.is_certain:
        return []
    of_old = TransactionReplacement.objects.filter(old_id=old.id)
    of_old.suggested().update(state=State.REJECTED, changed_at=now)  # of what has got the id of the old one
    # The user may have rejected it when the bank sent another transaction under this id.
    of_old.filter(new_id=match.options[0].id).update(state=State.AUTOMATIC, is_reused_id=False)
    return overrides.carry_over(account, old, match.options[0], roots=roots)


# --- The user's answers to suggestions ---------------------------------------------------------------------


@atomic
def accept(new: Transaction, old: Transaction, *, now: datetime) -> bool:
    """Carry the edits of `old` over to `new`. False if this is no open suggestion.

    If `new` is another transaction that has got the id of `old`, splits are carried over only if they fit in it.
    """
    suggestions = TransactionReplacement.objects.select_for_update().suggested().filter(old_id=old.id)
    accepted = suggestions.filter(new_id=new.id).first()
    if accepted is None:
        return False
    new.lock()
    split_total = sum(abs(split.signed_amount) for split in old.splits.all())
    deltas = overrides.carry_over(
        new.account,
        old,
        new,
        roots=CategoryTree.load().roots,
        with_splits=not accepted.is_reused_id or split_total <= abs(new.signed_amount),
    )
    monthly_totals.apply(deltas)
    suggestions.filter(new_id=new.id).update(state=State.ACCEPTED, changed_at=now)
    suggestions.update(state=State.REJECTED, changed_at=now)
    TransactionReplacement.objects.suggested().filter(new_id=new.id).update(
        state=State.REJECTED, changed_at=now
    )
    return True


def reject(new: Transaction, old: Transaction, *, now: datetime) -> bool:
    """Reject the suggestion: the two are different transactions. False if this is no open suggestion."""
    suggestions = TransactionReplacement.objects.suggested().filter(old_id=old.id, new_id=new.id)
    return bool(suggestions.update(state=State.REJECTED, changed_at=now))
