"""Which rows belong together: transfers, payments of cards, doubled payments, refunds. Pure and symmetric."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import NamedTuple
from uuid import UUID

from banking.links.legs import SAME_BANK, Leg
from banking.models import Kind, Link

DAYS = 3  # between both legs
REFUND_DAYS = 120
MOST_ASKED = 3  # a row that fits more others than this is not worth a question

Key = tuple[str, UUID, UUID]
Pair = tuple[Leg, Leg]


class Verdict(NamedTuple):
    kind: Link.Kind
    state: Link.State
    out: Leg
    into: Leg
    evidence: str

    @property
    def key(self) -> Key:
        return (self.kind.value, self.out.id, self.into.id)


@dataclass(frozen=True)
class Answers:
    """What the person has said: pairs that are none, and rows that have found their other half."""

    rejected: frozenset[Key] = frozenset()
    taken: frozenset[UUID] = field(default_factory=frozenset)


def judge(legs: Sequence[Leg], answers: Answers) -> list[Verdict]:
    """All that follows from these rows, whatever their order."""
    free = [leg for leg in legs if leg.id not in answers.taken]
    paid = list(_payments(free, answers))
    return [*_transfers(free, answers), *paid, *_doubles(free, paid, answers)]


def _transfers(legs: Iterable[Leg], answers: Answers) -> Iterator[Verdict]:
    """Each the other's only candidate, and one piece of identity; else a question, if it changes anything."""
    moving = [leg for leg in legs if leg.moves and not leg.is_card and not leg.is_anothers]
    pairs = _opposite(moving, Link.Kind.TRANSFER, answers)
    for (out, into), is_alone, is_crowded in _counted(pairs):
        identity = out.own or into.own or _same_bank(out, into)
        if is_alone and identity:
            yield Verdict(Link.Kind.TRANSFER, Link.State.FOUND, out, into, identity)
        elif not is_crowded and _is_worth_asking(out, into, Kind.TRANSFER):
            evidence = "same amount" if is_alone else "several fit"
            yield Verdict(Link.Kind.TRANSFER, Link.State.SUGGESTED, out, into, evidence)


def _same_bank(out: Leg, into: Leg) -> str:
    """Both banks' rows say so: two accounts of one connection."""
    is_so = out.item_id == into.item_id and out.operation == into.operation == SAME_BANK
    return "own operation" if is_so else ""


def _payments(legs: Iterable[Leg], answers: Answers) -> Iterator[Verdict]:
    """A debit and the card's credit, one of which says so; a second credit for it is no doubt about that."""
    sides = [leg for leg in legs if _pays(leg) or _is_paid(leg)]
    pairs = [pair for pair in _opposite(sides, Link.Kind.CARD_PAYMENT, answers) if _is_payment(*pair)]
    debits = Counter(into.id for _, into in pairs)
    cards: dict[UUID, set[UUID]] = defaultdict(set)
    for out, into in pairs:
        cards[out.id].add(into.account_id)
    first: set[UUID] = set()
    for (out, into), _, is_crowded in _counted(sorted(pairs, key=_nearest)):
        if debits[into.id] == 1 and len(cards[out.id]) == 1:
            if out.id not in first:
                yield Verdict(Link.Kind.CARD_PAYMENT, Link.State.FOUND, out, into, "card payment")
            first.add(out.id)
        elif not is_crowded and _is_worth_asking(out, into, Kind.CARD_PAYMENT):
            yield Verdict(Link.Kind.CARD_PAYMENT, Link.State.SUGGESTED, out, into, "several fit")


def _pays(leg: Leg) -> bool:
    """The bank's side. A PIX to a friend pays no bill; the card's own bank is a firm."""
    return not leg.is_card and leg.flow < 0 and (leg.kind == Kind.CARD_PAYMENT or _may_pay(leg))


def _may_pay(leg: Leg) -> bool:
    return leg.moves and not leg.is_persons and not leg.own


def _is_paid(leg: Leg) -> bool:
    return leg.is_card and leg.flow > 0 and not leg.is_refund


def _is_payment(out: Leg, into: Leg) -> bool:
    return into.is_card and Kind.CARD_PAYMENT in (out.kind, into.kind)


def _doubles(legs: Iterable[Leg], paid: Iterable[Verdict], answers: Answers) -> Iterator[Verdict]:
    """Equal credits on a card in one cycle, of which not each has a debit of its own."""
    groups: dict[tuple[object, ...], list[Leg]] = defaultdict(list)
    for leg in legs:
        if _is_paid(leg) and leg.kind == Kind.CARD_PAYMENT:
            groups[leg.account_id, leg.currency, leg.value, leg.cycle].append(leg)
    linked = {verdict.into.id for verdict in paid if verdict.state == Link.State.FOUND}
    debits = [leg for leg in legs if _pays(leg)]
    for credits in groups.values():
        if 1 < len(credits) <= MOST_ASKED and len(credits) > _payers(credits, debits):
            yield from _doubled(
                sorted(credits, key=lambda leg: (leg.id not in linked, leg.day, leg.id)), answers
            )


def _payers(credits: Sequence[Leg], debits: Iterable[Leg]) -> int:
    def pays_one(out: Leg) -> bool:
        return any(out.flow == -one.flow and abs(out.day - one.day).days <= DAYS for one in credits)

    return sum(map(pays_one, debits))


def _doubled(credits: Sequence[Leg], answers: Answers) -> Iterator[Verdict]:
    first, *others = credits
    for other in others:
        asked = {(Link.Kind.DUPLICATE.value, *pair) for pair in permutations((first.id, other.id))}
        if not asked & answers.rejected and not other.is_said:
            yield Verdict(Link.Kind.DUPLICATE, Link.State.SUGGESTED, first, other, "same cycle")


def _opposite(legs: Iterable[Leg], kind: Link.Kind, answers: Answers) -> list[Pair]:
    """Money out here and as much in there within some days, but for pairs that the person has parted."""
    into: dict[tuple[object, ...], list[Leg]] = defaultdict(list)
    outs = []
    for leg in legs:
        if leg.flow < 0:
            outs.append(leg)
        else:
            into[leg.currency, leg.value, leg.day].append(leg)
    near = [timedelta(days=days) for days in range(-DAYS, DAYS + 1)]
    found = ((out, leg) for out in outs for gap in near for leg in into.get(_at(out, gap), ()))
    return [
        (out, leg)
        for out, leg in found
        if out.account_id != leg.account_id and (kind.value, out.id, leg.id) not in answers.rejected
    ]


def _at(out: Leg, gap: timedelta) -> tuple[object, ...]:
    return (out.currency, out.value, out.day + gap)


def _counted(pairs: Sequence[Pair]) -> Iterator[tuple[Pair, bool, bool]]:
    """Each pair, whether neither has another candidate, and whether one of them has too many."""
    degree = Counter(leg.id for pair in pairs for leg in pair)
    for pair in pairs:
        most = max(degree[leg.id] for leg in pair)
        yield pair, most == 1, most > MOST_ASKED


def _is_worth_asking(out: Leg, into: Leg, kind: Kind) -> bool:
    changes = out.kind != kind or into.kind != kind
    return changes and not out.is_said and not into.is_said


def _nearest(pair: Pair) -> tuple[object, ...]:
    out, into = pair
    return (abs(out.day - into.day), into.day, out.id, into.id)


def refunds(
    backs: Mapping[UUID, Leg], bought: Mapping[UUID, Leg], fits: Iterable[tuple[UUID, UUID]], answers: Answers
) -> Iterator[Verdict]:
    """A refund and the only purchase that fits it, in whole, else in part; what was given back is given once.

    `fits`: pairs of a refund and a purchase that are worth looking at.
    """
    options: dict[UUID, list[Leg]] = defaultdict(list)
    for back_id, bought_id in fits:
        options[back_id].append(bought[bought_id])
    left = {purchase.id: purchase.value for purchase in bought.values()}
    for back in sorted(backs.values(), key=lambda leg: (leg.day, leg.id)):
        found = _purchase(back, options[back.id], left, answers)
        if found:
            left[found.id] -= back.value
            evidence = "given back" if found.value == back.value else "given back in part"
            yield Verdict(Link.Kind.REFUND, Link.State.FOUND, found, back, evidence)


def _purchase(
    back: Leg, options: Iterable[Leg], left: Mapping[UUID, Decimal], answers: Answers
) -> Leg | None:
    fitting = [
        one
        for one in options
        if left[one.id] >= back.value
        and _is_alike(back, one)
        and (Link.Kind.REFUND.value, one.id, back.id) not in answers.rejected
    ]
    whole = [one for one in fitting if one.value == back.value]
    found = whole or fitting
    return found[0] if len(found) == 1 else None


def _is_alike(back: Leg, bought: Leg) -> bool:
    """The same shop or person; else one's words are among the other's."""
    if back.shop and bought.shop:
        return back.shop == bought.shop
    fewer, more = sorted((back.words, bought.words), key=len)
    return bool(fewer) and fewer <= more
