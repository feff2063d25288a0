"""What a row IS: its day, flow, kind, category and months. docs/numbers.md in code; pure and total."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from banking.models.categories import OTHER
from banking.models.kinds import Kind
from banking.periods import BadPeriod, Month
from banking.pluggy import payloads

SAO_PAULO = ZoneInfo("America/Sao_Paulo")

INCOME, LOANS, INVESTMENTS, OWN_TRANSFERS = "01000000", "02000000", "03000000", "04000000"
TRANSFERS, LEGAL = "05000000", "06000000"
PROCEEDS, CARD_PAYMENT, BLOCKED, CASHBACK = "03060000", "05100000", "06010000", "08090000"
# `PAG*LOJA` is a shop that sells through PagSeguro, not a payment.
PAYMENT_WORDS = re.compile(r"\b(pagamento|pagto|pgto|pag|fatura)\b(?!\s*\*)", re.IGNORECASE)
REFUND_WORDS = re.compile(r"\b(estorno|cashback|reembolso)\b", re.IGNORECASE)
# Roots under which money that comes in is nobody's refund.
NOT_SPENDING = frozenset({INCOME, TRANSFERS, LEGAL, OTHER})


@dataclass(frozen=True)
class AccountFacts:
    """What the rows of one account share."""

    is_card: bool
    currency: str
    is_sandbox: bool = False
    closes_on: date | None = None
    due_on: date | None = None
    bills: Mapping[UUID, date] = field(default_factory=dict)  # due days of the closed bills


@dataclass(frozen=True)
class Word:
    """What a person said, about one row or by a rule; it is stronger than anything that the bank says."""

    category_id: str | None = None
    hidden: bool = False
    kind: str = ""  # a Kind, or nothing

    def __bool__(self) -> bool:
        return bool(self.category_id or self.hidden or self.kind)


SILENT = Word()


@dataclass(frozen=True)
class Evidence:
    """What is known about a row besides what the bank sent with it."""

    person: Word = SILENT
    rule: Word = SILENT
    linked: Kind | None = None  # by the other row that belongs to it
    purchase_category_id: str | None = None  # of a refund
    taken_out: Decimal = Decimal(0)  # the flow of the parts that count on their own

    @property
    def word(self) -> Word:
        """The person's word about this very row, else their rule's."""
        return self.person or self.rule


NO_EVIDENCE = Evidence()


class Classified(NamedTuple):
    local_date: date
    flow: Decimal
    kind: Kind
    reason: str
    category_id: str
    month_competence: date
    month_cash: date


class Facts(NamedTuple):
    """The little of a row that decides; the same from Pluggy's payload and from a stored row."""

    occurred_at: datetime
    amount: Decimal
    value: Decimal
    type: str
    operation_type: str
    description: str
    category_id: str
    bill_forecast: str
    bill_id: UUID | None = None


def facts(row: payloads.Transaction) -> Facts:
    card = row.credit_card_metadata
    foreign = row.amount_in_account_currency
    return Facts(
        occurred_at=row.date,
        amount=row.amount,
        value=row.amount if foreign is None else foreign,
        type=row.type or "",
        operation_type=row.operation_type or "",
        description=row.description,
        category_id=row.category_id or "",
        bill_forecast=(card.bill_forecast_date if card else None) or "",
        bill_id=card.bill_id if card else None,
    )


def classify(
    row: Facts, account: AccountFacts, *, roots: Mapping[str, str], evidence: Evidence = NO_EVIDENCE
) -> Classified:
    """Answer for any row. `roots` maps each known category id to the id at the top of its branch."""
    day = local_date(row.occurred_at)
    category = _category(row, roots, evidence)
    flow = flow_of(row, account) - evidence.taken_out
    kind, reason = _kind(row, account, category, roots.get(category, OTHER), flow, evidence)
    return Classified(day, flow, kind, reason, category, day.replace(day=1), _month_cash(row, account, day))


def _category(row: Facts, roots: Mapping[str, str], evidence: Evidence) -> str:
    """The person's, else their rule's, else the bank's; a refund without one is its purchase's."""
    said = evidence.person.category_id or evidence.rule.category_id
    if said:
        return said
    known = row.category_id if row.category_id in roots else OTHER
    return (evidence.purchase_category_id or OTHER) if known == OTHER else known


def local_date(instant: datetime) -> date:
    """Exactly 00:00:00 Z is a plain calendar date; any other instant is a moment in São Paulo."""
    if instant.tzinfo is None:
        return instant.date()
    instant = instant.astimezone(UTC)
    if not (instant.hour or instant.minute or instant.second or instant.microsecond):
        return instant.date()
    return instant.astimezone(SAO_PAULO).date()


def flow_of(row: Facts, account: AccountFacts) -> Decimal:
    """The whole row: money out negative, money in positive, in the account's currency."""
    size = abs(row.value)
    if account.is_card and account.is_sandbox and _is_quirky_purchase(row):
        return -size
    if row.type == "DEBIT":
        return -size
    if row.type == "CREDIT":
        return size
    return -row.value if account.is_card else row.value


def _is_quirky_purchase(row: Facts) -> bool:
    """Pluggy's sandbox card sends purchases as CREDIT and negative, as real cards send payments."""
    return row.type == "CREDIT" and row.amount < 0 and not _is_card_payment(row) and not is_refund(row)


def _is_card_payment(row: Facts) -> bool:
    """For the card's own leg. Words count only where the bank gives no category of its own."""
    if row.category_id == CARD_PAYMENT or row.operation_type in ("PAGAMENTO", "PAGAMENTO_FATURA"):
        return True
    return row.category_id in ("", OTHER) and bool(PAYMENT_WORDS.search(row.description))


def is_refund(row: Facts) -> bool:
    """The bank's own word that it undoes something."""
    return (
        row.category_id == CASHBACK
        or row.operation_type in ("ESTORNO", "CASHBACK")
        or bool(REFUND_WORDS.search(row.description))
    )


def _kind(
    row: Facts, account: AccountFacts, category: str, root: str, flow: Decimal, evidence: Evidence
) -> tuple[Kind, str]:
    word = evidence.word
    if word:
        said = _kind_by_word(evidence)
        if said:
            return said
    if not flow:
        return Kind.NEUTRAL, "split into parts" if evidence.taken_out else "no amount"
    if word.category_id is None:
        if evidence.linked:
            return evidence.linked, "doubled" if evidence.linked == Kind.NEUTRAL else "linked"
        marked = _kind_by_marks(row, account, flow)
        if marked:
            return marked
    return _kind_by_category(account, category, root, flow)


def _kind_by_word(evidence: Evidence) -> tuple[Kind, str] | None:
    word, by = evidence.word, "you" if evidence.person else "your rule"
    if word.hidden:
        return Kind.NEUTRAL, f"hidden by {by}"
    return (Kind(word.kind), f"said by {by}") if word.kind else None


def _kind_by_marks(row: Facts, account: AccountFacts, flow: Decimal) -> tuple[Kind, str] | None:
    """What the bank says outright, whatever the category."""
    if row.operation_type == "PAGAMENTO_FATURA":
        return Kind.CARD_PAYMENT, "card bill payment"
    if flow > 0 and row.operation_type in ("ESTORNO", "CASHBACK"):
        return Kind.REFUND, "refund by the bank"
    if account.is_card and flow > 0 and not is_refund(row) and _is_card_payment(row):
        return Kind.CARD_PAYMENT, "card bill payment"
    return None


def _kind_by_category(account: AccountFacts, category: str, root: str, flow: Decimal) -> tuple[Kind, str]:
    if category == CARD_PAYMENT:
        return Kind.CARD_PAYMENT, "card bill payment"
    if category == BLOCKED:
        return Kind.NEUTRAL, "blocked balance"
    if root == OWN_TRANSFERS:
        return Kind.TRANSFER, "own transfer"
    if root == INVESTMENTS and category != PROCEEDS:
        return Kind.INVESTMENT, "investment"
    if flow < 0:
        return Kind.EXPENSE, "money out"
    if root == LOANS:
        return Kind.LOAN, "loan received"
    if root == INCOME or category == PROCEEDS:
        return Kind.INCOME, "income"
    if account.is_card or category == CASHBACK or root not in NOT_SPENDING:
        return Kind.REFUND, "money back"
    return Kind.INCOME, "money in"


def _month_cash(row: Facts, account: AccountFacts, day: date) -> date:
    """When it is paid: a card's row with the bill that carries it, anything else at once."""
    if not account.is_card:
        return day.replace(day=1)
    if row.bill_id and row.bill_id in account.bills:
        return account.bills[row.bill_id].replace(day=1)
    if row.bill_forecast:
        try:
            return Month.parse(row.bill_forecast).first
        except BadPeriod:
            pass  # a label that we cannot read; the card's days decide
    if account.closes_on is None or account.due_on is None:
        return day.replace(day=1)
    return due_month(day, account.closes_on, account.due_on).first


def due_month(day: date, closes_on: date, due_on: date) -> Month:
    """The due month of the bill that is open on `day`: a due day before the closing day is next month's.

    Only the days of the month count: banks move the two dates on to the next bill at different times.
    """
    closing = Month.of(day)
    if day > closing.day(closes_on.day):
        closing += 1
    return closing if due_on.day > closes_on.day else closing + 1
