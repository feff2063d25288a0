"""Decide what a transaction is: its date, signed amount, kind, category and months (docs/numbers.md).

Everything here is pure: the same input always gives the same result, and every input gives one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import msgspec

from banking.ledger.bank_words import read_words
from banking.ledger.bill_months import BillCalendar, month_paid
from banking.ledger.category_codes import NO_CODES, CategoryCodes, category_by_codes
from banking.ledger.models import Transaction
from banking.ledger.models.categories import OTHER
from banking.ledger.models.kinds import Kind
from banking.money.dates import local_date
from banking.pluggy import payloads
from banking.pluggy.values import day as parse_day

# Category ids of Pluggy.
INCOME, LOANS, INVESTMENTS, OWN_TRANSFERS = "01000000", "02000000", "03000000", "04000000"
TRANSFERS, LEGAL = "05000000", "06000000"
PROCEEDS, CARD_PAYMENT, BLOCKED, CASHBACK = "03060000", "05100000", "06010000", "08090000"
# Costs, not loans: a credit under one of these gives them back.
LOAN_COSTS = ("0201", "0202")
# Money that comes in under one of these top-level categories is not a refund of spending.
NOT_SPENDING = frozenset({INCOME, TRANSFERS, LEGAL, OTHER})


@dataclass(frozen=True, kw_only=True)
class AccountContext(BillCalendar):
    """Facts that all transactions of one account share; those of bills only on cards."""

    is_card: bool
    currency: str
    is_sandbox: bool = False
    owner_hash: str = ""  # of the owner's document; empty if the bank does not send it whole


@dataclass(frozen=True)
class Override:
    """A decision of the user, for one transaction or by a rule; it is stronger than what the bank says."""

    category_id: str | None = None
    hidden: bool = False
    kind: str = ""  # a Kind, or empty

    def __bool__(self) -> bool:
        return bool(self.category_id or self.hidden or self.kind)


NO_OVERRIDE = Override()


@dataclass(frozen=True)
class Evidence:
    """Facts about a transaction besides what the bank sent with it."""

    user: Override = NO_OVERRIDE
    rule: Override = NO_OVERRIDE
    matched_kind: Kind | None = None  # follows from the transaction that it is matched with
    purchase_category_id: str | None = None  # of the purchase that a refund belongs to
    split_amount: Decimal = Decimal(0)  # signed amount of the splits, which count on their own
    is_listed_twice: bool = False  # another connection to the same account lists it, and there it counts

    @property
    def override(self) -> Override:
        """Return the user's override of this very transaction, else that of their rule."""
        return self.user or self.rule


NO_EVIDENCE = Evidence()


class Derived(NamedTuple):
    """The derived columns of a transaction, by their names in the table.

    This list is the only one: the columns of COPY and UPDATE, and those that a split does not copy from its
    parent, are made of it.
    """

    local_date: date
    signed_amount: Decimal
    kind: str
    kind_reason: str
    category_id: str
    accrual_month: date
    cash_month: date
    signed_amount_currency: str
    rule_id: int | None = None

    @classmethod
    def of(cls, transaction: Transaction) -> "Derived":
        """Return the values that are stored."""
        return cls(*(getattr(transaction, name) for name in cls._fields))

    def copy_to(self, transaction: Transaction) -> None:
        """Set the values on the instance, without saving it."""
        for name, value in zip(self._fields, self, strict=True):
            setattr(transaction, name, value)


class ClassificationInput(msgspec.Struct, frozen=True):
    """The fields of a transaction that decide; the same from Pluggy's payload and from the database.

    A struct of msgspec, because it is made several times as fast as a named tuple.
    """

    occurred_at: datetime
    amount: Decimal
    value: Decimal  # `amount` in the account's currency, if the bank has converted it
    type: str
    operation_type: str
    description: str
    category_id: str
    bill_forecast: str
    bill_id: UUID | None = None
    counterparty_hash: str = ""  # of the document of who was paid, or who paid
    is_between_two_documents: bool = False  # payer and receiver are known to be different
    currency: str = ""  # of `value`; empty for the account's own
    installment_number: int | None = None
    purchased_on: date | None = None
    codes: CategoryCodes = NO_CODES  # only if the bank sends no category

    @classmethod
    def from_payload(cls, payload: payloads.Transaction) -> "ClassificationInput":
        card = payload.credit_card_metadata
        converted = payload.amount_in_account_currency
        return cls(
            occurred_at=payload.date,
            amount=payload.amount,
            value=converted or payload.amount,
            currency="" if converted else payload.currency_code,
            type=payload.type or "",
            operation_type=payload.operation_type or "",
            description=payload.description,
            category_id=payload.category_id or "",
            bill_forecast=(card.bill_forecast_date if card else None) or "",
            bill_id=card.bill_id if card else None,
            installment_number=card.installment_number if card else None,
            purchased_on=parse_day(card.purchase_date) if card else None,
            codes=NO_CODES if payload.category_id else CategoryCodes.from_payload(payload),
        )

    @classmethod
    def from_transaction(cls, transaction: Transaction) -> "ClassificationInput":
        converted = transaction.amount_in_account_currency
        return cls(
            occurred_at=transaction.occurred_at,
            amount=transaction.amount,
            value=converted or transaction.amount,
            currency="" if converted else transaction.currency,
            type=transaction.type,
            operation_type=transaction.operation_type,
            description=transaction.description,
            category_id=transaction.bank_category_id,
            bill_forecast=transaction.bill_forecast,
            bill_id=transaction.bill_id,
            counterparty_hash=transaction.counterparty_hash,
            is_between_two_documents=transaction.is_between_two_documents,
            installment_number=transaction.installment_number,
            purchased_on=transaction.purchased_on,
            codes=NO_CODES
            if transaction.bank_category_id
            else CategoryCodes.from_details(transaction.details),
        )


def rule_texts_of(transaction: Transaction) -> tuple[str, ...]:
    """Return the texts that rules search."""
    return (transaction.description, transaction.merchant_name, transaction.counterparty)


def classify(
    entry: ClassificationInput,
    account: AccountContext,
    *,
    roots: Mapping[str, str],
    evidence: Evidence = NO_EVIDENCE,
) -> Derived:
    """Return the derived columns, without `rule_id`.

    `roots` maps each known category id to the id of its top-level category.
    """
    day = local_date(entry.occurred_at)
    whole_amount = signed_amount_of(entry, account)
    category = _category(entry, account, roots, evidence, is_inflow=whole_amount > 0)
    amount = whole_amount - evidence.split_amount
    if evidence.is_listed_twice:
        amount = Decimal(0)
    kind, reason = _kind(entry, account, category, roots.get(category, OTHER), amount, evidence)
    month = day.replace(day=1)
    cash_month = _month_of_bill(entry, account, day) if account.is_card else month
    currency = entry.currency or account.currency
    return Derived(day, amount, kind.value, reason, category, month, cash_month, currency)


def _category(
    entry: ClassificationInput,
    account: AccountContext,
    roots: Mapping[str, str],
    evidence: Evidence,
    *,
    is_inflow: bool,
) -> str:
    """Take the user's category, else their rule's, else the bank's, else that of codes (category_codes).

    A refund without one, or with one that only says how it was paid, takes that of its purchase.
    """
    chosen = evidence.user.category_id or evidence.rule.category_id
    if chosen:
        return chosen
    from_bank = entry.category_id or category_by_codes(
        entry.codes, entry.operation_type, is_inflow=is_inflow, is_card=account.is_card
    )
    from_bank = from_bank if from_bank in roots else OTHER
    is_vague = roots.get(from_bank, OTHER) in (OTHER, TRANSFERS)
    return evidence.purchase_category_id if evidence.purchase_category_id and is_vague else from_bank


def signed_amount_of(entry: ClassificationInput, account: AccountContext) -> Decimal:
    """Return the amount, money out negative, without regard to splits.

    It is in the account's currency, or in its own as long as the bank has not converted it.
    """
    size = abs(entry.value)
    if account.is_card and account.is_sandbox and _is_sandbox_purchase(entry):
        return -size
    if entry.type == "DEBIT":
        return -size
    if entry.type == "CREDIT":
        return size
    return -entry.value if account.is_card else entry.value


def _is_sandbox_purchase(entry: ClassificationInput) -> bool:
    """Tell whether this is a purchase on a card of Pluggy's sandbox.

    The sandbox sends purchases as CREDIT with a negative amount, which is how real cards send payments.
    """
    return (
        entry.type == "CREDIT" and entry.amount < 0 and not _is_card_payment(entry) and not is_refund(entry)
    )


def _is_card_payment(entry: ClassificationInput) -> bool:
    """Tell whether a credit on a card pays its bill; words decide only where the bank gives no category."""
    if entry.category_id == CARD_PAYMENT or entry.operation_type in ("PAGAMENTO", "PAGAMENTO_FATURA"):
        return True
    return entry.category_id in ("", OTHER) and read_words(entry.description).is_payment


def is_refund(entry: ClassificationInput) -> bool:
    """Tell whether the bank itself calls this a refund."""
    return (
        entry.category_id == CASHBACK
        or entry.operation_type in ("ESTORNO", "CASHBACK")
        or read_words(entry.description).is_refund
    )


def _kind(
    entry: ClassificationInput,
    account: AccountContext,
    category: str,
    root: str,
    amount: Decimal,
    evidence: Evidence,
) -> tuple[Kind, str]:
    """Return the kind and the code of its reason, the strongest evidence first."""
    if evidence.is_listed_twice:
        return Kind.NEUTRAL, "listed twice"
    override = evidence.override
    if override:
        decided = _kind_by_override(evidence)
        if decided:
            return decided
    if not amount:
        return Kind.NEUTRAL, "split" if evidence.split_amount else "no amount"
    if override.category_id is None:
        if evidence.matched_kind:
            return evidence.matched_kind, "duplicate" if evidence.matched_kind == Kind.NEUTRAL else "matched"
        stated = _kind_by_operation(entry, account, amount)
        is_other_kind = category in (CARD_PAYMENT, BLOCKED) or root == INVESTMENTS
        if is_own_transfer(entry, account) and not is_other_kind and (not stated or stated[0] == Kind.REFUND):
            return Kind.TRANSFER, "own document"  # also if it comes back
        stated = stated or _kind_by_words(entry, account, category, root, amount)
        if stated:
            return stated
    return _kind_by_category(account, category, root, amount)


def _kind_by_override(evidence: Evidence) -> tuple[Kind, str] | None:
    override, author = evidence.override, "user" if evidence.user else "rule"
    if override.hidden:
        return Kind.NEUTRAL, f"hidden by {author}"
    return (Kind(override.kind), f"set by {author}") if override.kind else None


def _kind_by_operation(
    entry: ClassificationInput, account: AccountContext, amount: Decimal
) -> tuple[Kind, str] | None:
    """Return what the bank states outright, whatever the category."""
    if entry.operation_type == "PAGAMENTO_FATURA" or _is_bill_paid_or_undone(entry, account, amount):
        return Kind.CARD_PAYMENT, "card bill payment"
    if amount > 0 and entry.operation_type in ("ESTORNO", "CASHBACK"):
        return Kind.REFUND, "refund by the bank"
    if account.is_card and amount > 0 and not is_refund(entry) and _is_card_payment(entry):
        return Kind.CARD_PAYMENT, "card bill payment"
    return None


def _kind_by_words(
    entry: ClassificationInput, account: AccountContext, category: str, root: str, amount: Decimal
) -> tuple[Kind, str] | None:
    """Return what only the description says; on a card, credits without a category are refunds anyway."""
    words = read_words(entry.description)
    if words.is_balance_line:
        return Kind.NEUTRAL, "balance line"
    if account.is_card:
        return None
    if root == OTHER and words.is_investment:
        return Kind.INVESTMENT, "investment"
    may_be_refund = amount > 0 and root in (TRANSFERS, LEGAL, LOANS, OTHER)
    if may_be_refund and category not in (CARD_PAYMENT, BLOCKED) and words.is_refund:
        return Kind.REFUND, "given back"
    return None


def is_own_transfer(entry: ClassificationInput, account: AccountContext) -> bool:
    """Tell whether payer and receiver are the owner of the account.

    One of the two is, as it is their account; so the document of the counterpart decides. A company of the
    owner has another document, and its payments to the owner are not transfers.
    """
    is_owner = bool(account.owner_hash) and entry.counterparty_hash == account.owner_hash
    return is_owner and not entry.is_between_two_documents


def _is_bill_paid_or_undone(entry: ClassificationInput, account: AccountContext, amount: Decimal) -> bool:
    """Tell whether a bank account pays a card's bill or gets it back, or a card takes a payment back."""
    if account.is_card:
        return amount < 0 and read_words(entry.description).undoes_payment
    if entry.category_id == CARD_PAYMENT:
        return True
    is_told_by_words = entry.category_id in ("", OTHER) or entry.category_id[:2] == TRANSFERS[:2]
    return is_told_by_words and read_words(entry.description).pays_card_bill


def _kind_by_category(account: AccountContext, category: str, root: str, amount: Decimal) -> tuple[Kind, str]:
    if category == CARD_PAYMENT:
        return Kind.CARD_PAYMENT, "card bill payment"
    if category == BLOCKED:
        return Kind.NEUTRAL, "blocked balance"
    if root == OWN_TRANSFERS:
        return Kind.TRANSFER, "own transfer"
    if root == INVESTMENTS and category != PROCEEDS:
        return Kind.INVESTMENT, "investment"
    if amount < 0:
        return Kind.EXPENSE, "money out"
    if root == LOANS and not category.startswith(LOAN_COSTS):
        return Kind.LOAN, "loan received"
    if root == INCOME or category == PROCEEDS:
        return Kind.INCOME, "income"
    if account.is_card or category == CASHBACK or root not in NOT_SPENDING:
        return Kind.REFUND, "money back"
    return Kind.INCOME, "money in"


def _month_of_bill(entry: ClassificationInput, account: AccountContext, day: date) -> date:
    """Return the first day of the month in which the bill of a card's transaction is paid."""
    month = month_paid(
        account,
        day,
        bill_id=entry.bill_id,
        forecast=entry.bill_forecast,
        number=entry.installment_number,
        purchased_on=entry.purchased_on,
    )
    return month.first
