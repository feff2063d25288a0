"""classify: docs/numbers.md row by row."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banking.classify import AccountFacts, Evidence, Facts, Word, classify, local_date
from banking.models import OTHER, Kind

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
BANK = AccountFacts(is_card=False, currency="BRL")
CARD = AccountFacts(is_card=True, currency="BRL", closes_on=date(2026, 11, 20), due_on=date(2026, 11, 28))
QUIRKY_CARD = AccountFacts(is_card=True, currency="BRL", is_sandbox=True)


def row(**changes: object) -> Facts:
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
    return Facts(**(defaults | changes))  # type: ignore[arg-type]


def kind_of(facts: Facts, account: AccountFacts = BANK, **person: object) -> Kind:
    evidence = Evidence(person=Word(**person))  # type: ignore[arg-type]
    return classify(facts, account, roots=ROOTS, evidence=evidence).kind


@pytest.mark.parametrize(
    ("account", "type_", "amount", "flow"),
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
def test_flow_is_the_persons_view(account: AccountFacts, type_: str, amount: str, flow: str) -> None:
    found = classify(row(type=type_, amount=Decimal(amount)), account, roots=ROOTS)
    assert found.flow == Decimal(flow)


def test_a_sandbox_cards_payment_is_still_a_payment() -> None:
    payment = row(type="CREDIT", amount=Decimal(-100), operation_type="PAGAMENTO_FATURA")
    found = classify(payment, QUIRKY_CARD, roots=ROOTS)
    assert (found.flow, found.kind) == (Decimal(100), Kind.CARD_PAYMENT)


def test_a_sandbox_purchase_at_a_shop_called_pag_is_a_purchase() -> None:
    purchase = row(type="CREDIT", amount=Decimal(-30), description="PAG*LOJA", category_id=OTHER)
    found = classify(purchase, QUIRKY_CARD, roots=ROOTS)
    assert (found.flow, found.kind) == (Decimal(-30), Kind.EXPENSE)


def test_a_foreign_purchase_counts_in_the_accounts_currency() -> None:
    found = classify(row(type="DEBIT", amount=Decimal(20), value=Decimal("108.40")), CARD, roots=ROOTS)
    assert found.flow == Decimal("-108.40")


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
def test_kinds(kind: Kind, account: AccountFacts, type_: str, category: str, more: dict[str, str]) -> None:
    assert kind_of(row(type=type_, category_id=category, **more), account) == kind


def test_a_boleto_called_payment_is_an_expense_on_a_bank_account() -> None:
    assert kind_of(row(type="DEBIT", description="Pagamento de boleto")) == Kind.EXPENSE


def test_the_person_is_stronger_than_the_bank() -> None:
    facts = row(type="DEBIT", category_id="11010000")
    found = classify(facts, BANK, roots=ROOTS, evidence=Evidence(person=Word(category_id="04000000")))
    assert (found.category_id, found.kind) == ("04000000", Kind.TRANSFER)
    assert kind_of(facts, hidden=True) == Kind.NEUTRAL


def test_an_unknown_category_is_other() -> None:
    assert classify(row(category_id="77777777"), BANK, roots=ROOTS).category_id == OTHER


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
def test_the_day_that_counts(instant: str, day: date) -> None:
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
def test_a_card_row_is_paid_with_its_bill(day: int, forecast: str, month: date) -> None:
    facts = row(occurred_at=datetime(2026, 11, day, 15, tzinfo=UTC), bill_forecast=forecast)
    found = classify(facts, CARD, roots=ROOTS)
    assert found.month_cash == month
    assert found.month_competence == date(2026, 11, 1)


def test_a_bill_that_is_due_in_the_month_after_it_closes() -> None:
    card = AccountFacts(is_card=True, currency="BRL", closes_on=date(2026, 11, 28), due_on=date(2026, 12, 5))
    assert classify(row(), card, roots=ROOTS).month_cash == date(2026, 12, 1)


anything = st.builds(
    Facts,
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


@given(facts=anything, account=accounts)
def test_any_row_gets_an_answer_and_a_reason(facts: Facts, account: AccountFacts) -> None:
    found = classify(facts, account, roots=ROOTS)
    assert abs(found.flow) == abs(facts.value)
    assert found.reason
    assert found.category_id in ROOTS
    assert found.month_competence.day == found.month_cash.day == 1
    assert not (found.kind in (Kind.INCOME, Kind.REFUND, Kind.LOAN) and found.flow < 0)
    assert not (found.kind == Kind.EXPENSE and found.flow > 0)
