"""Detect which transactions belong together. Pure; the result does not depend on their order."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import permutations
from typing import NamedTuple
from uuid import UUID

from banking.ledger.matching.candidates import SAME_BANK, Candidate
from banking.ledger.models import Kind, TransactionMatch
from banking.money.business_days import days_within
from banking.money.documents import contradict

MAX_DAYS = 3  # business days between the two sides of a transfer or card payment
REFUND_DAYS = 120  # between a purchase and its refund
MAX_SUGGESTIONS = 3  # a transaction with more possible counterparts is not suggested

MatchKind = TransactionMatch.Kind
State = TransactionMatch.State
Key = tuple[str, UUID, UUID]  # kind, outflow id, inflow id
Pair = tuple[Candidate, Candidate]  # outflow, inflow


class DetectedMatch(NamedTuple):
    kind: TransactionMatch.Kind
    state: TransactionMatch.State
    outflow: Candidate
    inflow: Candidate
    evidence: str

    @property
    def key(self) -> Key:
        return (self.kind.value, self.outflow.id, self.inflow.id)


@dataclass(frozen=True)
class MatchReviews:
    """Decisions of the user: pairs that they rejected, and transactions in matches that they confirmed."""

    rejected: frozenset[Key] = frozenset()
    confirmed_ids: frozenset[UUID] = field(default_factory=frozenset)


def find_matches(candidates: Sequence[Candidate], reviews: MatchReviews) -> list[DetectedMatch]:
    """Return every match that these candidates imply, refunds excepted (see find_refunds)."""
    free = [candidate for candidate in candidates if candidate.id not in reviews.confirmed_ids]
    payments = list(_card_payments(free, reviews))
    return [*_transfers(free, reviews), *payments, *_duplicates(free, payments, reviews)]


def _transfers(candidates: Iterable[Candidate], reviews: MatchReviews) -> Iterator[DetectedMatch]:
    """Match money that left one account and came into another.

    Automatic if each side is the other's only candidate and there is evidence that both are the user's;
    else a suggestion, if the match would change anything. If the documents prove both sides, any of several
    equal counterparts is right: the nearest is taken.
    """
    moving = [candidate for candidate in candidates if _may_be_transfer(candidate)]
    pairs = [
        pair
        for pair in _opposite_pairs(moving, MatchKind.TRANSFER, reviews)
        if not pair[0].is_card or _is_own(pair[1]) or pair[1].is_card_pix
    ]
    matched: set[UUID] = set()
    for outflow, inflow in sorted(pairs, key=_closeness):
        if _are_both_own(outflow, inflow) and not {outflow.id, inflow.id} & matched:
            matched |= {outflow.id, inflow.id}
            yield DetectedMatch(MatchKind.TRANSFER, State.AUTOMATIC, outflow, inflow, "own document")
    remaining = [pair for pair in pairs if not {side.id for side in pair} & matched]
    for (outflow, inflow), is_only, is_crowded in _with_ambiguity(remaining):
        identity = _identity(outflow, inflow)
        if is_only and identity:
            yield DetectedMatch(MatchKind.TRANSFER, State.AUTOMATIC, outflow, inflow, identity)
        elif not is_crowded and _is_worth_asking(outflow, inflow, Kind.TRANSFER):
            evidence = "same amount" if is_only else "several fit"
            yield DetectedMatch(MatchKind.TRANSFER, State.SUGGESTED, outflow, inflow, evidence)


def _may_be_transfer(candidate: Candidate) -> bool:
    """Tell whether it may be a side of a transfer; of a card, only a PIX that is paid with credit."""
    pays_bill = candidate.kind == Kind.CARD_PAYMENT
    is_possible = candidate.may_be_transfer and not candidate.is_other_party and not pays_bill
    return is_possible and (not candidate.is_card or (candidate.is_card_pix and candidate.signed_amount < 0))


def _is_own(candidate: Candidate) -> bool:
    return candidate.own_evidence == "own document"


def _are_both_own(outflow: Candidate, inflow: Candidate) -> bool:
    return _is_own(outflow) and _is_own(inflow) and outflow.owner == inflow.owner


def _identity(outflow: Candidate, inflow: Candidate) -> str:
    """Return the code of what proves that both sides are the user's, or an empty text."""
    if outflow.owner and inflow.owner and outflow.owner != inflow.owner:
        return ""  # a person and their company, or two persons with one login
    if outflow.is_card:
        return inflow.own_evidence or "card pix"
    return outflow.own_evidence or inflow.own_evidence or _same_bank_evidence(outflow, inflow)


def _same_bank_evidence(outflow: Candidate, inflow: Candidate) -> str:
    """Return the evidence code if the bank calls both sides a transfer within one connection."""
    is_same = outflow.item_id == inflow.item_id and outflow.operation == inflow.operation == SAME_BANK
    return "own operation" if is_same else ""


def _card_payments(candidates: Iterable[Candidate], reviews: MatchReviews) -> Iterator[DetectedMatch]:
    """Match a debit of a bank account with the credit on the card that it paid.

    One of the two must be a card payment by the bank's own data. Banks sometimes send the credit twice; the
    second one does not make the first match doubtful (see _duplicates).
    """
    sides = [candidate for candidate in candidates if _may_pay(candidate) or _is_card_credit(candidate)]
    all_pairs = [
        pair for pair in _opposite_pairs(sides, MatchKind.CARD_PAYMENT, reviews) if _is_card_payment(*pair)
    ]
    pairs = [pair for pair in all_pairs if not _is_vetoed(pair[0])]
    debits_of = Counter(inflow.id for _, inflow in pairs)
    cards_of: dict[UUID, set[UUID]] = defaultdict(set)
    for outflow, inflow in pairs:
        cards_of[outflow.id].add(inflow.account_id)
    matched: set[UUID] = set()
    for (outflow, inflow), _, is_crowded in _with_ambiguity(sorted(pairs, key=_closeness)):
        if debits_of[inflow.id] == 1 and len(cards_of[outflow.id]) == 1:
            if outflow.id not in matched:
                yield DetectedMatch(MatchKind.CARD_PAYMENT, State.AUTOMATIC, outflow, inflow, "card payment")
            matched.add(outflow.id)
        elif not is_crowded and _is_worth_asking(outflow, inflow, Kind.CARD_PAYMENT):
            yield DetectedMatch(MatchKind.CARD_PAYMENT, State.SUGGESTED, outflow, inflow, "several fit")
    paid = {inflow.id for _, inflow in pairs}
    vetoed = [pair for pair in all_pairs if _is_vetoed(pair[0]) and pair[1].id not in paid]
    for (outflow, inflow), is_only, is_crowded in _with_ambiguity(vetoed):
        if not is_crowded and _is_worth_asking(outflow, inflow, Kind.CARD_PAYMENT):
            evidence = "same amount" if is_only else "several fit"
            yield DetectedMatch(MatchKind.CARD_PAYMENT, State.SUGGESTED, outflow, inflow, evidence)


def _is_vetoed(debit: Candidate) -> bool:
    """Tell whether the document of a third party forbids to link a debit without asking.

    The bank that issued the card has one, too: then the bank's own data call the debit a card payment.
    """
    return debit.is_other_party and debit.kind != Kind.CARD_PAYMENT


def _may_pay(candidate: Candidate) -> bool:
    """Tell whether a debit of a bank account may pay a card bill; a PIX to a person does not."""
    if candidate.is_card or candidate.signed_amount >= 0 or candidate.is_other_person:
        return False
    is_possible = candidate.may_be_transfer and not candidate.own_evidence
    return candidate.kind == Kind.CARD_PAYMENT or is_possible


def _is_card_credit(candidate: Candidate) -> bool:
    return candidate.is_card and candidate.signed_amount > 0 and not candidate.is_refund


def _is_card_payment(outflow: Candidate, inflow: Candidate) -> bool:
    return inflow.is_card and Kind.CARD_PAYMENT in (outflow.kind, inflow.kind)


def _duplicates(
    candidates: Sequence[Candidate], payments: Iterable[DetectedMatch], reviews: MatchReviews
) -> Iterator[DetectedMatch]:
    """Suggest duplicates: equal credits in one cycle of a card that outnumber the payments behind them.

    A payment that the card took back and that was made again is no duplicate.
    """
    groups: dict[tuple[object, ...], list[Candidate]] = defaultdict(list)
    undone_counts: Counter[tuple[object, ...]] = Counter()
    for candidate in candidates:
        group = (candidate.account_id, candidate.currency, candidate.value, candidate.cycle)
        if candidate.is_card and candidate.kind == Kind.CARD_PAYMENT:
            if candidate.signed_amount < 0:
                undone_counts[group] += 1
            elif _is_card_credit(candidate):
                groups[group].append(candidate)
    matched = {payment.inflow.id for payment in payments if payment.state == State.AUTOMATIC}
    debits = [candidate for candidate in candidates if _may_pay(candidate) and not _is_vetoed(candidate)]
    for key, credits in groups.items():
        has_several = len(credits) - undone_counts[key] > 1 and len(credits) <= MAX_SUGGESTIONS
        if has_several and len(credits) > _payer_count(credits, debits):
            # The credit that has its debit comes first: it is the one that counts.
            credits.sort(key=lambda credit: (credit.id not in matched, credit.day, credit.id))
            yield from _suggest_duplicates(credits, reviews)


def _payer_count(credits: Sequence[Candidate], debits: Iterable[Candidate]) -> int:
    def pays_one(debit: Candidate) -> bool:
        return any(
            debit.signed_amount == -credit.signed_amount and credit.day in days_within(debit.day, MAX_DAYS)
            for credit in credits
        )

    return sum(map(pays_one, debits))


def _suggest_duplicates(credits: Sequence[Candidate], reviews: MatchReviews) -> Iterator[DetectedMatch]:
    first, *others = credits
    for other in others:
        keys = {(MatchKind.DUPLICATE.value, *pair) for pair in permutations((first.id, other.id))}
        if not keys & reviews.rejected and not other.is_decided:
            yield DetectedMatch(MatchKind.DUPLICATE, State.SUGGESTED, first, other, "same cycle")


def _opposite_pairs(
    candidates: Iterable[Candidate], kind: TransactionMatch.Kind, reviews: MatchReviews
) -> list[Pair]:
    """Return the pairs of equal amounts, out of one account and into another, within MAX_DAYS.

    Pairs that the user rejected are left out.
    """
    inflows: dict[tuple[object, ...], list[Candidate]] = defaultdict(list)
    outflows = []
    for candidate in candidates:
        if candidate.signed_amount < 0:
            outflows.append(candidate)
        else:
            inflows[candidate.currency, candidate.value, candidate.day].append(candidate)
    return [
        (outflow, inflow)
        for outflow in outflows
        for day in days_within(outflow.day, MAX_DAYS)
        for inflow in inflows.get((outflow.currency, outflow.value, day), ())
        if outflow.account_id != inflow.account_id
        and (kind.value, outflow.id, inflow.id) not in reviews.rejected
    ]


def _with_ambiguity(pairs: Sequence[Pair]) -> Iterator[tuple[Pair, bool, bool]]:
    """Yield each pair, whether neither side is in another pair, and whether one of them is in too many."""
    pair_counts = Counter(candidate.id for pair in pairs for candidate in pair)
    for pair in pairs:
        largest = max(pair_counts[candidate.id] for candidate in pair)
        yield pair, largest == 1, largest > MAX_SUGGESTIONS


def _is_worth_asking(outflow: Candidate, inflow: Candidate, kind: Kind) -> bool:
    """Tell whether the match would change a kind, and nobody has decided about the transactions yet."""
    changes_kind = outflow.kind != kind or inflow.kind != kind
    return changes_kind and not outflow.is_decided and not inflow.is_decided


def _closeness(pair: Pair) -> tuple[object, ...]:
    """Sort key: the nearest dates first, then an order that does not depend on the input's."""
    outflow, inflow = pair
    return (abs(outflow.day - inflow.day), inflow.day, outflow.id, inflow.id)


def find_refunds(
    refunds: Mapping[UUID, Candidate],
    purchases: Mapping[UUID, Candidate],
    pairs: Iterable[tuple[UUID, UUID]],
    reviews: MatchReviews,
) -> Iterator[DetectedMatch]:
    """Match each refund with the only purchase that fits: of the same amount, else of a larger one.

    `pairs` are (refund id, purchase id) that are worth comparing. A purchase is not refunded beyond its
    amount: of two refunds of 60.00 for a purchase of 100.00, only the earlier one is matched.
    """
    options: dict[UUID, list[Candidate]] = defaultdict(list)
    for refund_id, purchase_id in pairs:
        options[refund_id].append(purchases[purchase_id])
    unrefunded = {purchase.id: purchase.value for purchase in purchases.values()}
    for refund in sorted(refunds.values(), key=lambda candidate: (candidate.day, candidate.id)):
        purchase = _purchase_of(refund, options[refund.id], unrefunded, reviews)
        if purchase:
            unrefunded[purchase.id] -= refund.value
            evidence = "refunded" if purchase.value == refund.value else "refunded in part"
            yield DetectedMatch(MatchKind.REFUND, State.AUTOMATIC, purchase, refund, evidence)


def _purchase_of(
    refund: Candidate,
    options: Iterable[Candidate],
    unrefunded: Mapping[UUID, Decimal],
    reviews: MatchReviews,
) -> Candidate | None:
    fitting = [
        purchase
        for purchase in options
        if unrefunded[purchase.id] >= refund.value
        and _is_similar(refund, purchase)
        and (MatchKind.REFUND.value, purchase.id, refund.id) not in reviews.rejected
    ]
    of_same_amount = [purchase for purchase in fitting if purchase.value == refund.value]
    best = of_same_amount or fitting
    return best[0] if len(best) == 1 else None


def _is_similar(refund: Candidate, purchase: Candidate) -> bool:
    """Compare the documents, as far as they are visible, else the names of the shops.

    Without both, all words of the shorter description must be in the longer one.
    """
    if refund.document and purchase.document:
        return refund.document == purchase.document
    if contradict(refund.masked_document, purchase.masked_document):
        return False
    if refund.shop and purchase.shop:
        return refund.shop == purchase.shop
    fewer, more = sorted((refund.words, purchase.words), key=len)
    return bool(fewer) and fewer <= more
