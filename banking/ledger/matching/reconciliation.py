"""Run the detection again for the dates on which transactions changed, and update the stored matches."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from banking.connections.models import Item
from banking.ledger import monthly_totals
from banking.ledger.derived_fields import recompute
from banking.ledger.matching.candidates import Candidate, Owner
from banking.ledger.matching.detection import (
    REFUND_DAYS,
    DetectedMatch,
    Key,
    MatchReviews,
    find_matches,
    find_refunds,
)
from banking.ledger.models import (
    Account,
    Kind,
    Transaction,
    TransactionChange,
    TransactionMatch,
)

MatchKind = TransactionMatch.Kind
State = TransactionMatch.State
Dates = tuple[date, date]  # first, last
Roots = Mapping[str, str]

# A changed transaction may affect pairs within one card cycle and the nine days of three business days over a
# long holiday (REACH). To decide about those pairs, the transactions around them are needed as well (LOADED).
REACH, LOADED = timedelta(days=41), timedelta(days=82)
REFUND_REACH = timedelta(days=REFUND_DAYS)


def update_matches(
    user_id: int, dates: Dates, *, roots: Roots, now: datetime, also: Collection[UUID] = ()
) -> None:
    """Detect the matches of the transactions of these dates and recompute those whose matches changed.

    `also` names more transactions to recompute. The result does not depend on earlier
    results. The
    caller holds the locks of all of the user's connections.
    """
    accounts = Account.objects.filter(user_id=user_id).select_related("item__connector")
    owner = Owner.of(accounts)
    stored = list(_stored_matches(user_id, dates))
    detected = _detect(user_id, dates, owner, roots, _reviews(stored))
    changed = _store(user_id, stored, detected, dates, now)
    touched = {
        transaction_id
        for match in stored
        if _touches(match, dates)
        for transaction_id in (match.outflow_id, match.inflow_id)
    }
    _recompute(owner, changed | touched | set(also), roots)


def remove_matches_of(item: Item, *, roots: Roots) -> None:
    """Delete the matches of a connection that is being removed, and recompute their other sides."""
    of_item = Transaction.objects.filter(account__item=item)
    # Two lookups by primary key per match: joins to both sides may become a join of all transactions with all.
    outflow = Exists(of_item.filter(id=OuterRef("outflow_id")))
    inflow = Exists(of_item.filter(id=OuterRef("inflow_id")))
    matches = TransactionMatch.objects.filter(outflow | inflow, user_id=item.user_id)
    ids = {
        transaction_id for match in matches.active() for transaction_id in (match.outflow_id, match.inflow_id)
    }
    matches.delete()
    others = Account.objects.filter(user_id=item.user_id).exclude(item=item)
    _recompute(Owner.of(others.select_related("item__connector")), ids, roots)


def _detect(
    user_id: int, dates: Dates, owner: Owner, roots: Roots, reviews: MatchReviews
) -> list[DetectedMatch]:
    possible_pairs = _refund_pairs(user_id, dates)
    opposite_ids = _opposite_ids(user_id, dates, owner)
    ids = {*opposite_ids, *(transaction_id for pair in possible_pairs for transaction_id in pair)}
    transactions = list(Transaction.objects.filter(id__in=ids)) if ids else []
    candidates = {transaction.id: Candidate.of(transaction, owner, roots) for transaction in transactions}
    # A transfer that came back is stored as a transfer because of its match: what the bank says decides.
    stored_kinds = {transaction.id: transaction.kind for transaction in transactions}
    refund_pairs = [
        pair for pair in possible_pairs if Kind.REFUND in (stored_kinds[pair[0]], candidates[pair[0]].kind)
    ]
    refunds = {refund_id: candidates[refund_id] for refund_id, _ in refund_pairs}
    purchases = {purchase_id: candidates[purchase_id] for _, purchase_id in refund_pairs}
    return [
        *find_matches([candidates[transaction_id] for transaction_id in opposite_ids], reviews),
        *find_refunds(refunds, purchases, refund_pairs, reviews),
    ]


def _stored_matches(user_id: int, dates: Dates) -> Iterable[TransactionMatch]:
    first, last = dates
    around = Q(inflow__local_date__range=(first - LOADED, last + LOADED))
    refunds = Q(kind=MatchKind.REFUND, inflow__local_date__range=(first - REFUND_REACH, last + REFUND_REACH))
    return TransactionMatch.objects.filter(around | refunds, user_id=user_id).select_related(
        "outflow", "inflow"
    )


def _reviews(stored: Iterable[TransactionMatch]) -> MatchReviews:
    confirmed = [match for match in stored if match.state == State.CONFIRMED and _is_live(match)]
    confirmed_ids = {transaction_id for match in confirmed for transaction_id in _occupied(match)}
    rejected = {_key(match) for match in stored if match.state == State.REJECTED}
    return MatchReviews(frozenset(rejected), frozenset(confirmed_ids))


def _occupied(match: TransactionMatch) -> set[UUID]:
    """Return the transactions that cannot be in another match; the first of two duplicates still can."""
    if match.kind == MatchKind.DUPLICATE:
        return {match.inflow_id}
    return {match.outflow_id, match.inflow_id}


def _is_live(match: TransactionMatch) -> bool:
    return match.outflow.deleted_at is None and match.inflow.deleted_at is None


def _key(match: TransactionMatch) -> Key:
    return (match.kind, match.outflow_id, match.inflow_id)


def _touches(match: TransactionMatch, dates: Dates) -> bool:
    first, last = dates
    return any(first <= transaction.local_date <= last for transaction in (match.outflow, match.inflow))


def _is_in_reach(kind: str, inflow_date: date, outflow_date: date, dates: Dates) -> bool:
    """Tell whether everything that decides about the pair was loaded."""
    reach = REFUND_REACH if kind == MatchKind.REFUND else REACH
    sides = (inflow_date,) if kind == MatchKind.REFUND else (inflow_date, outflow_date)
    return all(dates[0] - reach <= side <= dates[1] + reach for side in sides)


def _store(
    user_id: int,
    stored: Iterable[TransactionMatch],
    detected: Iterable[DetectedMatch],
    dates: Dates,
    now: datetime,
) -> set[UUID]:
    """Store the detected matches; return the transactions whose matches changed. Reviewed matches stay."""
    new = {
        match.key: match
        for match in detected
        if _is_in_reach(match.kind, match.inflow.day, match.outflow.day, dates)
    }
    stale = []
    for match in stored:
        same = new.get(_key(match))
        is_unchanged = same and (same.state, same.evidence) == (match.state, match.evidence)
        if match.reviewed_at or is_unchanged:
            new.pop(_key(match), None)
        elif _is_in_reach(match.kind, match.inflow.local_date, match.outflow.local_date, dates):
            stale.append(match)
    if stale:
        TransactionMatch.objects.filter(id__in=[match.id for match in stale]).delete()
    if new:
        TransactionMatch.objects.bulk_create([_to_model(user_id, match, now) for match in new.values()])
    changed = {transaction_id for match in stale for transaction_id in (match.outflow_id, match.inflow_id)}
    return changed | {side.id for match in new.values() for side in (match.outflow, match.inflow)}


def _to_model(user_id: int, detected: DetectedMatch, now: datetime) -> TransactionMatch:
    return TransactionMatch(
        user_id=user_id,
        kind=detected.kind,
        state=detected.state,
        outflow_id=detected.outflow.id,
        inflow_id=detected.inflow.id,
        evidence=detected.evidence,
        created_at=now,
    )


def _recompute(owner: Owner, ids: Collection[UUID], roots: Roots) -> None:
    transactions = Transaction.objects.filter(id__in=ids, deleted_at=None) if ids else ()
    by_account: dict[UUID, list[Transaction]] = {}
    for transaction in transactions:
        by_account.setdefault(transaction.account_id, []).append(transaction)
    for account_id, of_account in by_account.items():
        if account_id in owner.accounts:
            result = recompute(
                owner.accounts[account_id], of_account, roots=roots, source=TransactionChange.Source.MATCH
            )
            monthly_totals.apply(result.deltas)


def _opposite_ids(user_id: int, dates: Dates, owner: Owner) -> list[UUID]:
    """Return transactions whose amount occurs in several accounts, or several times on a card.

    Of the debits of cards only a PIX that is paid with credit may match; the bank's category says
    that it is a transfer, or nothing.
    """
    cards = [account.id for account in owner.accounts.values() if account.is_card]
    banks = [account.id for account in owner.accounts.values() if not account.is_card]
    if len(owner.accounts) < 2 and not cards:
        return []
    around: dict[str, Any] = {"first": dates[0] - LOADED, "last": dates[1] + LOADED}
    with connection.cursor() as cursor:
        cursor.execute(_SQL_OPPOSITE, around | {"user": user_id, "cards": cards, "banks": banks})
        return [transaction_id for (transaction_id,) in cursor.fetchall()]


def _refund_pairs(user_id: int, dates: Dates) -> list[tuple[UUID, UUID]]:
    """Return the pairs (refund, purchase) that are worth comparing."""
    around: dict[str, Any] = {
        "first": dates[0] - REFUND_REACH,
        "last": dates[1] + REFUND_REACH,
        "days": REFUND_DAYS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SQL_REFUNDS, {"user": user_id, **around})
        return list(cursor.fetchall())


_TABLE = Transaction._meta.db_table
# `near` reads only the index on the user's dates; the table itself is read for the few that remain.
_SQL_OPPOSITE = f"""
    WITH near AS (
        SELECT id, account_id, signed_amount, signed_amount_currency FROM {_TABLE}
        WHERE user_id = %(user)s AND local_date BETWEEN %(first)s AND %(last)s AND deleted_at IS NULL
        AND (account_id = ANY(%(banks)s) AND signed_amount <> 0
             OR account_id = ANY(%(cards)s) AND (signed_amount > 0 OR kind = 'card_payment'
                                                     OR category_id ~ '^(04|05|99)'))
    ), repeated AS (
        SELECT signed_amount_currency, abs(signed_amount) AS value FROM near GROUP BY 1, 2
        HAVING count(DISTINCT account_id) > 1 AND min(signed_amount) < 0 AND max(signed_amount) > 0
        OR count(*) FILTER (WHERE account_id = ANY(%(cards)s) AND signed_amount > 0) > 1
    )
    SELECT entry.id FROM near
    JOIN repeated ON repeated.signed_amount_currency = near.signed_amount_currency
        AND repeated.value = abs(near.signed_amount)
    JOIN {_TABLE} AS entry ON entry.id = near.id AND entry.parent_transaction_id IS NULL
"""
# Pairs of another amount are compared only if merchant, document, description or its last word are the same.
_SQL_REFUNDS = rf"""
    SELECT refund.id, purchase.id
    FROM {_TABLE} AS refund
    CROSS JOIN LATERAL (SELECT (regexp_match(lower(refund.description), '(\S{{2,}})\s*$'))[1]) AS last (word)
    JOIN {_TABLE} AS purchase ON purchase.user_id = refund.user_id
        AND purchase.local_date BETWEEN refund.local_date - %(days)s AND refund.local_date
        AND purchase.account_id = refund.account_id
        AND purchase.signed_amount_currency = refund.signed_amount_currency
        AND purchase.signed_amount <= -refund.signed_amount
    WHERE refund.user_id = %(user)s AND refund.local_date BETWEEN %(first)s AND %(last)s
    AND refund.signed_amount > 0 AND refund.deleted_at IS NULL AND refund.parent_transaction_id IS NULL
    AND (refund.kind = 'refund' OR refund.kind = 'transfer' AND refund.kind_reason = 'matched')
    AND purchase.deleted_at IS NULL AND purchase.parent_transaction_id IS NULL
    AND (purchase.kind NOT IN ('transfer', 'card_payment', 'investment')
         OR purchase.kind_reason = 'own document' AND purchase.signed_amount = -refund.signed_amount)
    AND (purchase.signed_amount = -refund.signed_amount
         OR purchase.merchant_name <> '' AND purchase.merchant_name = refund.merchant_name
         OR purchase.counterparty_hash <> '' AND purchase.counterparty_hash = refund.counterparty_hash
         OR strpos(lower(purchase.description), last.word) > 0
         OR strpos(lower(refund.description), lower(purchase.description)) > 0)
"""
