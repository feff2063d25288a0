"""Purchases in instalments: which part is on which bill, and what is still to come.

Rows are facts. A part that the bank has not sent yet is expected: shown as such, and in no sum of rows.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from accounts.models import User
from banking.folding import folded
from banking.models import Account, Basis, Kind, Link, Transaction
from banking.periods import Month, Period
from banking.reports.cards.statement import ZERO, Card, Statement
from banking.reports.scope import Scope

# `3/10`, `PARC 03/10`, `Parcela 3 de 10`: how banks write which part it is.
PART = re.compile(r"\W*\b(parc\w*\W*)?\d{1,2}\s*(/|de)\s*\d{1,2}\b\W*", re.IGNORECASE)
MOST = 120  # parts: whoever says more says nothing


class Part(NamedTuple):
    number: int
    month: Month  # in which it is due
    amount: Decimal  # money out positive
    row_id: UUID | None  # nothing: the bank has not sent it yet

    @property
    def is_expected(self) -> bool:
        return self.row_id is None


@dataclass(frozen=True)
class Purchase:
    """One purchase, with the parts from the last closed bill on."""

    account: Account
    title: str
    category_id: str
    of: int
    parts: tuple[Part, ...]
    opens: Month  # the month of the card's open bill

    @property
    def coming(self) -> tuple[Part, ...]:
        """From the open bill on."""
        return tuple(part for part in self.parts if part.month >= self.opens)

    @property
    def current(self) -> Part:
        """The part on the open bill, else the one before."""
        return next((part for part in self.parts if part.month >= self.opens), self.parts[-1])

    @property
    def until(self) -> Month:
        return self.parts[-1].month

    @property
    def done(self) -> int:
        """Parts on closed bills."""
        return self.coming[0].number - 1 if self.coming else self.of

    @property
    def done_share(self) -> Decimal:
        """Per cent."""
        return Decimal(self.done * 100) / self.of

    @property
    def left(self) -> Decimal:
        return sum((part.amount for part in self.coming), ZERO)

    @property
    def has_expected(self) -> bool:
        return any(part.is_expected for part in self.parts)


class Sent(NamedTuple):
    """A row, with what was split from it."""

    row: Transaction
    number: int
    amount: Decimal


Key = tuple[UUID, int, str, Month]  # account, number of parts, words, month of the first part
Place = tuple[Month, UUID]


@dataclass(frozen=True)
class Load:
    """What the instalments of one card come to on one bill."""

    account: Account
    month: Month
    known: Decimal  # rows
    expected: Decimal  # the bank has not sent them yet

    @property
    def total(self) -> Decimal:
        return self.known + self.expected

    @property
    def scope(self) -> Scope:
        """The rows of what is known."""
        return Scope(
            self.account.user, Period.of_month(self.month), account=self.account, counts="billed",
            currency=self.account.currency, instalments=True, basis=Basis.CASH,
        )  # fmt: skip


@dataclass(frozen=True)
class Instalments:
    """What is committed already, by purchase and by month."""

    purchases: tuple[Purchase, ...]  # which end last: first
    loads: tuple[Load, ...]  # soonest first

    @property
    def has_several_cards(self) -> bool:
        return len({load.account.id for load in self.loads}) > 1

    @property
    def totals(self) -> dict[str, Decimal]:
        """By currency: currencies are never added together."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for load in self.loads:
            found[load.account.currency] += load.total
        return dict(found)


def instalments(user: User, cards: Iterable[Card]) -> Instalments:
    """Of these cards. Two queries."""
    opens = {card.account.id: card.open for card in cards}
    if not opens:
        return Instalments((), ())
    rows, undone = _rows(user, opens), _undone(user, opens)
    purchases = [
        one
        for key, group in _groups(rows).items()
        for one in _purchases(group, opens[key[0]].month, undone[key])
    ]
    return Instalments(
        tuple(sorted(purchases, key=lambda one: (-(one.of - one.done), one.title))),
        tuple(_loads(rows, purchases, opens)),
    )


def _rows(user: User, opens: Mapping[UUID, Statement]) -> list[Transaction]:
    """From the last closed bill on: what is older says nothing about what is to come."""
    since = min(one.month for one in opens.values()) + -1
    rows = Transaction.objects.of(user).live().filter(total_installments__gt=1, month_cash__gte=since.first)
    mine = rows.filter(account__in=opens).exclude(kind=Kind.CARD_PAYMENT).order_by("id")
    found = list(mine)
    for row in found:
        row.account = opens[row.account_id].account
    return found


def _undone(user: User, opens: Mapping[UUID, Statement]) -> dict[Key, Decimal]:
    """What came back of a purchase, by the purchase; where a refund is known to be of this one."""
    links = Link.objects.of(user).in_force().filter(kind=Link.Kind.REFUND)
    links = links.filter(out__total_installments__gt=1, out__account__in=opens, into__deleted_at=None)
    found: dict[Key, Decimal] = defaultdict(Decimal)
    for link in links.select_related("out", "into"):
        found[_key(link.out)] += link.into.flow
    return found


# --- From rows to purchases --------------------------------------------------------------------------


def _key(row: Transaction) -> Key:
    """Rows of one purchase agree in it: a part is due so many months after the first."""
    start = Month.of(row.month_cash) + -((row.installment_number or 1) - 1)
    return row.account_id, row.total_installments or 0, folded(PART.sub(" ", row.title)).strip(), start


def _groups(rows: list[Transaction]) -> dict[Key, list[Sent]]:
    """What the person split is one part again."""
    owed: dict[UUID, Decimal] = defaultdict(Decimal)
    for row in rows:
        owed[row.part_of_id or row.id] -= row.flow
    groups: dict[Key, list[Sent]] = defaultdict(list)
    for row in rows:
        number, of = row.installment_number or 0, row.total_installments or 0
        if row.part_of_id is None and 0 < number <= of <= MOST:
            groups[_key(row)].append(Sent(row, number, owed[row.id]))
    return groups


def _purchases(group: list[Sent], opens: Month, undone: Decimal) -> list[Purchase]:
    """Mostly one. Of purchases that look the same, each takes its share of what has the same number."""
    bought = [one for one in group if one.amount > 0]
    undone -= sum(one.amount for one in group if one.amount < 0)
    by_number: dict[int, list[Sent]] = defaultdict(list)
    for one in sorted(bought, key=lambda one: (one.row.purchased_on or date.min, one.amount)):
        by_number[one.number].append(one)
    count = max(map(len, by_number.values()), default=0)
    several = [[some[place] for some in by_number.values() if place < len(some)] for place in range(count)]
    found = [_purchase(sent, opens, undone if count == 1 else ZERO) for sent in several]
    return [one for one in found if one.coming]


def _purchase(sent: list[Sent], opens: Month, undone: Decimal) -> Purchase:
    sent = sorted(sent, key=lambda one: one.number)
    row = sent[-1].row
    parts = [Part(one.number, Month.of(one.row.month_cash), one.amount, one.row.id) for one in sent]
    expected = _expected(parts[-1], row.total_installments or 0, opens)
    if undone and undone >= sum(part.amount for part in expected):
        expected = []
    return Purchase(
        row.account, PART.sub(" ", row.title).strip(), row.category_id, row.total_installments or 0,
        (*parts, *expected), opens,
    )  # fmt: skip


def _expected(last: Part, of: int, opens: Month) -> list[Part]:
    """The parts behind the last one that the bank has sent; a purchase that missed a bill has ended."""
    if last.month < opens + -1:
        return []
    ahead = range(1, of - last.number + 1)
    return [Part(last.number + n, last.month + n, last.amount, None) for n in ahead]


def _loads(
    rows: list[Transaction], purchases: list[Purchase], cards: Mapping[UUID, Statement]
) -> Iterable[Load]:
    known: dict[Place, Decimal] = defaultdict(Decimal)
    expected: dict[Place, Decimal] = defaultdict(Decimal)
    for row in rows:
        known[Month.of(row.month_cash), row.account_id] -= row.flow
    for one in purchases:
        for part in one.coming:
            if part.is_expected:
                expected[part.month, one.account.id] += part.amount
    for month, account_id in sorted({*known, *expected}):
        if month >= cards[account_id].month:
            place = (month, account_id)
            yield Load(cards[account_id].account, month, known[place], expected[place])
