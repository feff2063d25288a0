"""Variants of what banks send: the same kinds in other words, later, in part, doubled, or contradicting."""

from decimal import Decimal
from typing import Any

import pytest

from accounts.models import User
from banking.ingest.validation import split_valid
from banking.ledger.models import TransactionMatch
from tests.household import OWN, Body, Household, body, payment
from tests.payloads import transaction_payload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

PIX, TED, BOLETO, SALARY, CARD_BILL = "05070000", "05080000", "05010000", "01010000", "05100000"
MARIA, SHOP, COMPANY = "52998224725", "11222333000181", "00000000000191"
OWN_BOTH: dict[str, Any] = {"paymentData": payment(OWN, OWN)}


@pytest.fixture
def household(alice: User) -> Household:
    return Household.of(alice)


def totals(household: Household) -> tuple[Decimal | int, Decimal | int]:
    """Return income and spending of the whole year in reais."""
    return household.total("income"), -household.total("expense", "refund")


def match_count(state: str) -> int:
    return TransactionMatch.objects.filter(state=state).count()


# --- A wage that is sent on --------------------------------------------------------------------------------

WAGE = body("X1", "10-05", "SALARIO EMPRESA", "5000", SALARY)


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        # the next business day, over a weekend
        (
            ("10-09", "PORTABILIDADE SALARIO", TED, OWN_BOTH),
            ("10-13", "CRED SALARIO PORTABILIDADE", SALARY, OWN_BOTH),
        ),
        # only one side has documents
        (
            ("10-05", "PORTABILIDADE DE SALARIO", TED, OWN_BOTH),
            ("10-05", "SALARIO PORTABILIDADE", SALARY, {}),
        ),
        (("10-05", "PORTABILIDADE DE SALÁRIO", None, {}), ("10-05", "CREDITO SALARIO", SALARY, OWN_BOTH)),
        # without categories
        (("10-05", "TED PORTABILIDADE SALARIO", None, OWN_BOTH), ("10-06", "PORTAB SALARIO", None, OWN_BOTH)),
        # as a PIX
        (("10-05", "PIX ENVIADO", PIX, OWN_BOTH), ("10-05", "PIX RECEBIDO", PIX, OWN_BOTH)),
    ],
)
def test_a_wage_that_is_sent_on_is_income_once(household: Household, sent: Any, received: Any) -> None:
    household.store(
        WAGE,
        body("X1", sent[0], sent[1], "-5000", sent[2], **sent[3]),
        body("Y1", received[0], received[1], "5000", received[2], **received[3]),
    )
    assert totals(household) == (5000, 0)


def test_a_part_of_a_wage_that_is_sent_on_counts_once(household: Household) -> None:
    household.store(
        WAGE,
        body("X1", "10-05", "PORTABILIDADE SALARIO", "-4321.09", TED, **OWN_BOTH),
        body("Y1", "10-05", "CRED SALARIO PORTABILIDADE", "4321.09", SALARY, **OWN_BOTH),
    )
    assert totals(household) == (5000, 0)


def test_two_wages_of_one_value_are_both_income(household: Household) -> None:
    household.store(WAGE, body("Y1", "10-05", "SALARIO OUTRA EMPRESA", "5000", SALARY))
    assert totals(household) == (10000, 0)


def test_a_wage_from_the_own_company_is_income(household: Household) -> None:
    household.store(body("X1", "10-05", "SALARIO", "5000", SALARY, paymentData=payment(COMPANY, OWN)))
    assert totals(household) == (5000, 0)


# --- Given back --------------------------------------------------------------------------------------------


def test_two_parts_that_are_given_back_reduce_the_same_purchase(household: Household) -> None:
    household.store(
        body("X1", "10-06", "PIX ENVIADO LOJA LTDA", "-100", PIX, paymentData=payment(OWN, SHOP)),
        body("X1", "10-07", "DEVOLUCAO PIX LOJA LTDA", "30", PIX, paymentData=payment(SHOP, OWN)),
        body("X1", "10-20", "DEVOLUCAO PIX LOJA LTDA", "70", PIX, paymentData=payment(SHOP, OWN)),
    )
    assert totals(household) == (0, 0)
    assert TransactionMatch.objects.active().filter(kind="refund").count() == 2


@pytest.mark.parametrize(
    "words",
    [
        "PIX DEVOLVIDO", "PIX DEVOLUÇÃO RECEBIDA", "DEV PIX", "DEVOLUCAO PIX ENVIADO", "ESTORNO PIX",
        "REEMBOLSO PIX", "Devolução Pix - Maria", "PIX RECEBIDO DEVOLUCAO", "CRED DEVOLUCAO PIX", "DEVOL PIX",
    ],
)  # fmt: skip
def test_a_returned_pix_in_any_words_is_no_income(household: Household, words: str) -> None:
    household.store(
        body("X1", "10-06", "PIX ENVIADO MARIA", "-88", PIX, paymentData=payment(OWN, MARIA)),
        body("X1", "10-07", words, "88", PIX, paymentData=payment(MARIA, OWN)),
    )
    assert totals(household) == (0, 0)


@pytest.mark.parametrize(
    "words", ["PIX DEVOLVIDO MARIA", "TED DEVOLVIDA", "ESTORNO BOLETO", "REEMBOLSO LOJA"]
)
def test_a_refund_without_its_purchase_is_a_refund(household: Household, words: str) -> None:
    assert household.kinds(body("X1", "10-07", words, "88", PIX, paymentData=payment(MARIA, OWN))) == [
        "refund"
    ]


def test_money_that_the_user_gives_back_is_spending(household: Household) -> None:
    """A PIX that came by mistake and is returned."""
    household.store(
        body("X1", "10-06", "PIX RECEBIDO MARIA", "88", PIX, paymentData=payment(MARIA, OWN)),
        body("X1", "10-07", "DEVOLUCAO PIX MARIA", "-88", PIX, paymentData=payment(OWN, MARIA)),
    )
    income, spent = totals(household)
    assert income - spent == 0


@pytest.mark.parametrize("category", ["02010000", "02020000", "15000000", "16000000", "16030000", "15010000"])
def test_costs_that_are_given_back_are_refunds(household: Household, category: str) -> None:
    kinds = household.kinds(
        body("X1", "10-06", "TARIFA PACOTE", "-12.50", category),
        body("X1", "10-07", "CREDITO TARIFA PACOTE", "12.50", category),
    )
    assert kinds == ["expense", "refund"]
    assert totals(household) == (0, 0)


# --- Bills that are paid -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paid_on", "arrived_on"),
    [
        ("02-13", "02-19"),  # Friday before Carnival, Thursday: three business days
        ("04-02", "04-07"),  # Thursday before Good Friday, Tuesday: two
        ("12-23", "12-29"),  # over Christmas: three
        ("11-19", "11-23"),  # over Zumbi's day: one
    ],
)
def test_a_bill_that_is_paid_over_holidays_is_linked(
    household: Household, paid_on: str, arrived_on: str
) -> None:
    kinds = household.kinds(
        body("Y1", paid_on, "PAGAMENTO BOLETO BANCO XIS", "-543.20", BOLETO),
        body("C1", arrived_on, "PAGAMENTO RECEBIDO", "-543.20", None, type="CREDIT"),
    )
    assert kinds == ["card_payment", "card_payment"]


def test_a_bill_payment_that_arrives_after_a_week_is_not_linked(household: Household) -> None:
    household.store(
        body("Y1", "10-01", "PAGAMENTO BOLETO BANCO XIS", "-543.20", BOLETO),
        body("C1", "10-08", "PAGAMENTO RECEBIDO", "-543.20", None, type="CREDIT"),
    )
    assert match_count("automatic") == 0


@pytest.mark.parametrize(
    "words",
    [
        "PAGTO FATURA CARTAO", "PGTO FATURA", "PAG FATURA CARTAO", "PAGAMENTO DE FATURA", "Pagamento da fatura",
        "DEB AUT FATURA CARTAO",
    ],
)  # fmt: skip
def test_a_bill_in_the_words_of_a_bank_is_no_spending(household: Household, words: str) -> None:
    assert household.kinds(body("X1", "10-10", words, "-300", None)) == ["card_payment"]


def test_a_school_with_a_cnpj_is_not_linked_to_an_equal_credit_on_the_card(household: Household) -> None:
    kinds = household.kinds(
        body("X1", "10-10", "PIX COLEGIO", "-800", PIX, paymentData=payment(OWN, SHOP)),
        body("C1", "10-10", "PAGAMENTO RECEBIDO", "-800", None, type="CREDIT"),
    )
    assert kinds == ["expense", "card_payment"]
    assert match_count("automatic") == 0


# --- Own transfers -----------------------------------------------------------------------------------------


def test_three_equal_own_transfers_over_two_days_leave_no_question(household: Household) -> None:
    sent = [
        body("X1", day, "PIX ENVIADO BIA", "-600", PIX, **OWN_BOTH) for day in ("10-19", "10-19", "10-20")
    ]
    received = [
        body("Y1", day, "PIX RECEBIDO BIA", "600", PIX, **OWN_BOTH) for day in ("10-19", "10-20", "10-20")
    ]
    household.store(*sent, *received)
    assert totals(household) == (0, 0)
    assert (match_count("automatic"), match_count("suggested")) == (3, 0)


def test_an_own_transfer_that_bounces_counts_nothing(household: Household) -> None:
    household.store(
        body("X1", "10-13", "TED BIA", "-1234", TED, paymentData=payment(OWN, OWN, "TED")),
        body("X1", "10-14", "ESTORNO TED BIA", "1234", TED, paymentData=payment(OWN, OWN, "TED")),
    )
    assert totals(household) == (0, 0)


def test_an_own_transfer_that_bounces_without_documents_counts_nothing(household: Household) -> None:
    household.store(
        body("X1", "10-13", "TED BIA", "-1234", TED, paymentData=payment(OWN, OWN, "TED")),
        body("X1", "10-14", "TED DEVOLVIDA BIA", "1234", TED),
    )
    for _ in range(2):
        assert totals(household) == (0, 0)
        household.match()  # the same again


def test_a_part_of_an_own_transfer_is_no_bounce(household: Household) -> None:
    household.store(
        body("X1", "10-13", "TED BIA", "-1234", TED, paymentData=payment(OWN, OWN, "TED")),
        body("X1", "10-14", "TED DEVOLVIDA BIA", "1000", TED),
    )
    assert totals(household) == (0, -1000)


# --- PIX on the credit card --------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["PIX NO CREDITO", "Pix no crédito", "PIX PARCELADO", "PIX COM CARTAO"])
@pytest.mark.parametrize("data", [OWN_BOTH, {}], ids=["documents", "no documents"])
def test_a_pix_on_the_card_in_other_words_is_spent_once(
    household: Household, words: str, data: dict[str, Any]
) -> None:
    household.store(
        body("C1", "10-22", words, "210.10", PIX, type="DEBIT"),
        body("X1", "10-22", words, "210.10", PIX, **data),
        body("X1", "10-22", "PIX ENVIADO MARIA SOUZA", "-210.10", PIX, paymentData=payment(OWN, MARIA)),
    )
    assert totals(household) == (0, Decimal("210.10"))


# --- Currencies --------------------------------------------------------------------------------------------


def by_currency(household: Household, *bodies: Body) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for stored in household.store(*bodies):
        currency = stored.signed_amount_currency
        sums[currency] = sums.get(currency, Decimal(0)) + stored.signed_amount
    return sums


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"currencyCode": "USD"}, {"USD": Decimal(-30)}),
        ({"currencyCode": ""}, {"BRL": Decimal(-30)}),
        ({"currencyCode": "USD", "amountInAccountCurrency": 162.5}, {"BRL": Decimal("-162.5")}),
        ({"currencyCode": "USD", "amountInAccountCurrency": -162.5}, {"BRL": Decimal("-162.5")}),
    ],
)
@pytest.mark.parametrize("account", ["X1", "C1"])
def test_a_foreign_amount_is_in_its_own_currency_until_it_is_converted(
    household: Household, account: str, fields: dict[str, Any], expected: dict[str, Decimal]
) -> None:
    amount = "-30" if account == "X1" else "30"
    sent = body(account, "10-09", "OPENAI", amount, "09000000", type="DEBIT", **fields)
    assert by_currency(household, sent) == expected


@pytest.mark.parametrize("code", ["usd", " USD ", "Usd", "USD\t"])
def test_a_currency_in_other_letters_is_that_currency(household: Household, code: str) -> None:
    payload = transaction_payload(household.accounts["X1"], currencyCode=code)
    (valid,), unreadable = split_valid([payload], account=household.accounts["X1"])
    assert (valid.currency_code, unreadable) == ("USD", [])


def test_foreign_money_that_comes_in_is_no_income_in_reais(household: Household) -> None:
    sent = body("X1", "10-09", "WIRE ACME INC", "1000", SALARY, currencyCode="USD")
    assert by_currency(household, sent) == {"USD": Decimal(1000)}


def test_amounts_of_different_currencies_are_never_linked(household: Household) -> None:
    household.store(
        body("X1", "10-09", "CAMBIO", "-100", "04000000", currencyCode="USD", **OWN_BOTH),
        body("Y1", "10-09", "CAMBIO", "100", "04000000", **OWN_BOTH),
    )
    assert match_count("automatic") == match_count("suggested") == 0


# --- Lines that are no movement ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["SALDO ANTERIOR", "Saldo do dia", "SALDO TOTAL DISPONÍVEL DIA", "SALDO FINAL", "S A L D O"]
)
def test_a_line_that_shows_a_balance_counts_nothing(household: Household, words: str) -> None:
    household.store(body("X1", "10-09", words, "1500", None))
    assert totals(household) == (0, 0)


@pytest.mark.parametrize(
    ("words", "amount"),
    [
        ("APLICACAO AUTOMATICA", "-500"), ("RESGATE AUTOMATICO", "500"), ("APLIC AUT MAIS", "-500"),
        ("RESG AUTOMATICO", "500"), ("APLICACAO CDB", "-500"), ("RESGATE CDB", "500"),
        ("REND PAGO APLIC AUT MAIS", "5"),
    ],
)  # fmt: skip
def test_money_that_the_bank_invests_by_itself_is_no_spending(
    household: Household, words: str, amount: str
) -> None:
    (kind,) = household.kinds(body("X1", "10-09", words, amount, None))
    assert kind in ("investment", "income") and (kind == "investment" or words.startswith("REND"))
