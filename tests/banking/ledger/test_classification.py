"""classify(): the cases of docs/numbers.md."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banking.ledger.classification import (
    AccountContext,
    ClassificationInput,
    Evidence,
    Override,
    classify,
)
from banking.ledger.models import OTHER, Kind
from banking.money.dates import local_date

ROOTS = {
    "01000000": "01000000",
    "01010000": "01000000",
    "02000000": "02000000",
    "02040000": "02000000",
    "03000000": "03000000",
    "03020000": "03000000",
    "03060000": "03000000",
    "04020000": "04000000",
    "04000000": "04000000",
    "05070000": "05000000",
    "05100000": "05000000",
    "06010000": "06000000",
    "08090000": "08000000",
    "10000000": "10000000",
    "11010000": "11000000",
    OTHER: OTHER,
}
BANK = AccountContext(is_card=False, currency="BRL")
CARD = AccountContext(is_card=True, currency="BRL", closes_on=date(2026, 11, 20), due_on=date(2026, 11, 28))
QUIRKY_CARD = AccountContext(is_card=True, currency="BRL", is_sandbox=True)


def build_input(**changes: object) -> ClassificationInput:
    amount = changes.get("amount", Decimal("-10.00"))
    defaults: dict[str, object] = {
        "occurred_at": datetime(2026, 11, 14, 15, tzinfo=UTC),
        "amount": amount,
        "value": amount,
        "type": "",
        "operation_type": "",
        "description": "PADARIA",
        "category_id": "",
        "bill_forecast": "",
    }
    return ClassificationInput(**(defaults | changes))  # type: ignore[arg-type]


def kind_of(entry: ClassificationInput, account: AccountContext = BANK, **override: object) -> str:
    evidence = Evidence(user=Override(**override))  # type: ignore[arg-type]
    return classify(entry, account, roots=ROOTS, evidence=evidence).kind


@pytest.mark.parametrize(
    ("account", "type_", "amount", "signed_amount"),
    [
        (BANK, "DEBIT", "-10", "-10"),
        (BANK, "CREDIT", "10", "10"),
        (BANK, "DEBIT", "10", "-10"),
        (BANK, "", "-10", "-10"),
        (CARD, "DEBIT", "10", "-10"),
        (CARD, "CREDIT", "-10", "10"),
        (CARD, "", "10", "-10"),
        (QUIRKY_CARD, "CREDIT", "-10", "-10"),
        (QUIRKY_CARD, "DEBIT", "10", "-10"),
    ],
)
def test_signed_amount_is_negative_for_money_out(
    account: AccountContext, type_: str, amount: str, signed_amount: str
) -> None:
    derived = classify(build_input(type=type_, amount=Decimal(amount)), account, roots=ROOTS)
    assert derived.signed_amount == Decimal(signed_amount)


def test_payment_of_a_sandbox_card_is_a_payment() -> None:
    payment = build_input(type="CREDIT", amount=Decimal(-100), operation_type="PAGAMENTO_FATURA")
    derived = classify(payment, QUIRKY_CARD, roots=ROOTS)
    assert (derived.signed_amount, derived.kind) == (Decimal(100), Kind.CARD_PAYMENT)


def test_sandbox_purchase_at_a_shop_named_pag_is_a_purchase() -> None:
    purchase = build_input(type="CREDIT", amount=Decimal(-30), description="PAG*LOJA", category_id=OTHER)
    derived = classify(purchase, QUIRKY_CARD, roots=ROOTS)
    assert (derived.signed_amount, derived.kind) == (Decimal(-30), Kind.EXPENSE)


def test_foreign_purchase_counts_in_the_accounts_currency() -> None:
    derived = classify(
        build_input(type="DEBIT", amount=Decimal(20), value=Decimal("108.40")), CARD, roots=ROOTS
    )
    assert derived.signed_amount == Decimal("-108.40")


@pytest.mark.parametrize(
    ("kind", "account", "type_", "category", "more"),
    [
        (Kind.EXPENSE, BANK, "DEBIT", "11010000", {}),
        (Kind.EXPENSE, BANK, "DEBIT", "05070000", {}),
        (Kind.EXPENSE, BANK, "DEBIT", "", {}),
        (Kind.EXPENSE, BANK, "DEBIT", "02040000", {}),
        (Kind.EXPENSE, BANK, "DEBIT", "01010000", {}),
        (Kind.INCOME, BANK, "CREDIT", "01010000", {}),
        (Kind.INCOME, BANK, "CREDIT", "05070000", {}),
        (Kind.INCOME, BANK, "CREDIT", "03060000", {}),
        (Kind.INCOME, BANK, "CREDIT", "", {}),
        (Kind.REFUND, BANK, "CREDIT", "11010000", {}),
        (Kind.REFUND, CARD, "CREDIT", "11010000", {"operation_type": "ESTORNO"}),
        (Kind.REFUND, CARD, "CREDIT", "", {"description": "Estorno loja"}),
        (Kind.REFUND, CARD, "CREDIT", "08090000", {}),
        (Kind.REFUND, BANK, "CREDIT", "08090000", {}),
        (Kind.TRANSFER, BANK, "DEBIT", "04020000", {}),
        (Kind.TRANSFER, BANK, "CREDIT", "04020000", {}),
        (Kind.CARD_PAYMENT, BANK, "DEBIT", "05100000", {}),
        (Kind.CARD_PAYMENT, CARD, "CREDIT", "05100000", {}),
        (Kind.CARD_PAYMENT, CARD, "CREDIT", "", {"operation_type": "PAGAMENTO_FATURA"}),
        (Kind.CARD_PAYMENT, CARD, "CREDIT", "", {"description": "Pagamento recebido"}),
        (Kind.CARD_PAYMENT, CARD, "CREDIT", OTHER, {"description": "INCLUSAO DE PAGAMENTO"}),
        (Kind.CARD_PAYMENT, CARD, "CREDIT", "", {"description": "PAG FATURA"}),
        (Kind.CARD_PAYMENT, CARD, "CREDIT", "", {"description": "DEB AUT FATURA"}),
        (Kind.REFUND, CARD, "CREDIT", "", {"description": "ESTORNO DE PAGAMENTO"}),
        (Kind.REFUND, CARD, "CREDIT", "11010000", {"description": "PAG*RESTAURANTE"}),
        (Kind.REFUND, CARD, "CREDIT", "", {"description": "PAG*PADARIA DO ZE"}),
        (Kind.INVESTMENT, BANK, "DEBIT", "03020000", {}),
        (Kind.INVESTMENT, BANK, "CREDIT", "03020000", {}),
        (Kind.LOAN, BANK, "CREDIT", "02040000", {}),
        (Kind.NEUTRAL, BANK, "DEBIT", "06010000", {}),
    ],
)
def test_kind_follows_from_account_type_and_category(
    kind: Kind, account: AccountContext, type_: str, category: str, more: dict[str, str]
) -> None:
    assert kind_of(build_input(type=type_, category_id=category, **more), account) == kind


def test_boleto_named_payment_is_an_expense_on_a_bank_account() -> None:
    assert kind_of(build_input(type="DEBIT", description="Pagamento de boleto")) == Kind.EXPENSE


def test_users_override_is_stronger_than_the_bank() -> None:
    entry = build_input(type="DEBIT", category_id="11010000")
    derived = classify(entry, BANK, roots=ROOTS, evidence=Evidence(user=Override(category_id="04000000")))
    assert (derived.category_id, derived.kind) == ("04000000", Kind.TRANSFER)
    assert kind_of(entry, hidden=True) == Kind.NEUTRAL


def test_unknown_category_becomes_other() -> None:
    assert classify(build_input(category_id="77777777"), BANK, roots=ROOTS).category_id == OTHER


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-11-14T00:00:00+00:00", date(2026, 11, 14)),  # a plain calendar date
        ("2026-11-14T03:00:00+00:00", date(2026, 11, 14)),  # midnight in São Paulo
        ("2026-11-14T02:59:59+00:00", date(2026, 11, 13)),  # late in the evening before
        ("2026-11-14T00:00:00.001+00:00", date(2026, 11, 13)),
        ("2018-01-14T02:30:00+00:00", date(2018, 1, 14)),  # summer time was UTC-2
    ],
)
def test_local_date_is_that_of_sao_paulo(instant: str, day: date) -> None:
    assert local_date(datetime.fromisoformat(instant)) == day


@pytest.mark.parametrize(
    ("day", "forecast", "month"),
    [
        (14, "", date(2026, 11, 1)),  # before closing: on the bill due this month
        (21, "", date(2026, 12, 1)),  # after closing: on the next one
        (14, "2027-01", date(2027, 1, 1)),  # the bank says so itself
        (14, "soon", date(2026, 11, 1)),
    ],
)
def test_card_transaction_is_paid_in_the_month_of_its_bill(day: int, forecast: str, month: date) -> None:
    entry = build_input(occurred_at=datetime(2026, 11, day, 15, tzinfo=UTC), bill_forecast=forecast)
    derived = classify(entry, CARD, roots=ROOTS)
    assert derived.cash_month == month
    assert derived.accrual_month == date(2026, 11, 1)


def test_bill_may_be_due_in_the_month_after_it_closes() -> None:
    card = AccountContext(
        is_card=True, currency="BRL", closes_on=date(2026, 11, 28), due_on=date(2026, 12, 5)
    )
    assert classify(build_input(), card, roots=ROOTS).cash_month == date(2026, 12, 1)


entries = st.builds(
    ClassificationInput,
    occurred_at=st.datetimes(datetime(1990, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC)),
    amount=(amounts := st.decimals(-(10**12), 10**12, places=2)),
    value=amounts,
    type=st.sampled_from(["", "DEBIT", "CREDIT", "OTHER"]),
    operation_type=st.sampled_from(["", "PIX", "ESTORNO", "CASHBACK", "PAGAMENTO_FATURA", "?"]),
    description=st.text(max_size=40),
    category_id=st.sampled_from(["", "nonsense", *ROOTS]),
    bill_forecast=st.sampled_from(["", "2026-11", "11/2026", "2026-13"]),
)
accounts = st.sampled_from([BANK, CARD, QUIRKY_CARD])


@given(entry=entries, account=accounts)
def test_every_entry_has_a_classification_and_a_reason(
    entry: ClassificationInput, account: AccountContext
) -> None:
    derived = classify(entry, account, roots=ROOTS)
    assert abs(derived.signed_amount) == abs(entry.value)
    assert derived.kind_reason
    assert derived.category_id in ROOTS
    assert derived.accrual_month.day == derived.cash_month.day == 1
    assert not (derived.kind in (Kind.INCOME, Kind.REFUND, Kind.LOAN) and derived.signed_amount < 0)
    assert not (derived.kind == Kind.EXPENSE and derived.signed_amount > 0)
