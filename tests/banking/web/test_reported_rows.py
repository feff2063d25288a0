"""Transactions that people report of real banks, from the local Pluggy over HTTP to the pages, with their right values.

Most cases have more tests beside the code that decides them; these show that the value arrives on the pages.
"""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.ledger.models import Transaction, TransactionMatch
from tests.household import OWN, payment
from tests.local_pluggy import LocalPluggy
from tests.net_worth_helpers import Json, card, entry, load_world
from tests.reported_cases import bills, brl, cards, closed_bill, household, month

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories", "today")]

PIX, TED, SALARY, BOLETO, CARD_BILL, MARKET = (
    "05070000",
    "05080000",
    "01010000",
    "05010000",
    "05100000",
    "10000000",
)
MARIA, SHOP = "52998224725", "11222333000181"
OWN_BOTH = {"paymentData": payment(OWN, OWN)}
OWN_TED = {"paymentData": payment(OWN, OWN, "TED")}


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pages be of November 28, 2026."""
    monkeypatch.setattr(timezone, "localdate", lambda *_: date(2026, 11, 28))


def test_r1_a_wage_that_is_sent_on_counts_once(alice: User, pluggy: LocalPluggy, as_alice: Client) -> None:
    household(
        pluggy,
        alice,
        X1=[
            entry("2026-10-05", 5000, "SALARIO EMPRESA", SALARY),
            entry("2026-10-05", -5000, "PORTABILIDADE SALARIO", TED, **OWN_TED),
        ],
        Y1=[entry("2026-10-05", 5000, "CRED SALARIO PORTABILIDADE", SALARY, **OWN_TED)],
    )
    assert month(as_alice, "2026-10") == brl("5000.00", "0.00")


def test_r2_own_transfers_without_their_other_side_count_nothing(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    household(
        pluggy,
        alice,
        X1=[
            entry("2026-10-20", -333, "PIX ENVIADO BIA", PIX, **OWN_BOTH),
            entry("2026-10-13", -1234, "TED BIA", TED, **OWN_TED),
            entry("2026-10-14", 1234, "TED DEVOLVIDA", TED, **OWN_TED),
        ],
    )
    assert month(as_alice, "2026-10") == {}


def test_r3_money_given_back_reduces_what_it_undoes(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    to_maria, from_maria = ({"paymentData": payment(*pair)} for pair in ((OWN, MARIA), (MARIA, OWN)))
    to_shop, from_shop = ({"paymentData": payment(*pair)} for pair in ((OWN, SHOP), (SHOP, OWN)))
    household(
        pluggy,
        alice,
        X1=[
            entry("2026-10-06", -88, "PIX ENVIADO MARIA SOUZA", PIX, **to_maria),
            entry("2026-10-07", 88, "PIX DEVOLVIDO MARIA SOUZA", PIX, **from_maria),
            entry("2026-10-06", -154.04, "PIX ENVIADO LOJA LTDA", PIX, **to_shop),
            entry("2026-10-07", 40, "DEVOLUCAO PIX LOJA LTDA", PIX, **from_shop),
            entry("2026-10-12", -77, "TED ENVIADA LOJA LTDA", TED, **to_shop),
            entry("2026-10-13", 77, "TED DEVOLVIDA LOJA LTDA", TED, **from_shop),
            entry("2026-10-14", -66, "PAGAMENTO BOLETO ENERGIA", BOLETO),
            entry("2026-10-15", 66, "ESTORNO PAGAMENTO BOLETO ENERGIA", BOLETO),
            entry("2026-10-16", -89.9, "COMPRA DEBITO MAGAZINE", categoryId=None),
            entry("2026-10-17", 89.9, "ESTORNO COMPRA DEBITO MAGAZINE", categoryId=None),
        ],
    )
    assert month(as_alice, "2026-10") == brl("0.00", "114.04")


def test_r4_what_is_paid_beyond_a_bill_belongs_to_the_next(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    november = closed_bill(11, "2026-11-10", "2026-11-03", 192)
    paid = [
        entry("2026-11-10", -192, "Nov bill paid, bank", CARD_BILL),
        entry("2026-11-25", -500, "anticipation, bank", CARD_BILL),
    ]
    household(
        pluggy,
        alice,
        november,
        X1=paid,
        C1=[
            entry("2026-10-20", 192, "MERCADO", MARKET, creditCardMetadata={"billId": november["id"]}),
            entry("2026-11-10", -192, "PAGAMENTO RECEBIDO", categoryId=None),
            entry("2026-11-15", 1000, "NOTEBOOK BR", "08020000"),
            entry("2026-11-25", -500, "PAGAMENTO ANTECIPADO", categoryId=None),
        ],
    )
    (first,) = [listed for listed in cards(as_alice) if "4001" in listed["name"]]
    assert bills(first) == {"2026-11": ("192.00", "0.00"), "2026-12": ("1000.00", "500.00")}
    assert month(as_alice, "2026-10") == brl("0.00", "192.00")
    assert month(as_alice, "2026-11") == brl("0.00", "1000.00")


def test_r5_a_bill_that_is_paid_over_a_holiday_counts_nothing(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    household(
        pluggy,
        alice,
        Y1=[
            entry("2026-10-30", -1111, "PAGAMENTO FATURA CARTAO", categoryId=None),
            entry("2026-10-02", -543.2, "PAGAMENTO BOLETO BANCO XIS", BOLETO),
        ],
        C1=[entry("2026-10-06", -543.2, "PAGAMENTO RECEBIDO", categoryId=None)],
        C2=[entry("2026-11-03", -1111, "PAGAMENTO RECEBIDO", categoryId=None)],
    )
    assert month(as_alice, "2026-10") == month(as_alice, "2026-11") == {}
    assert TransactionMatch.objects.active().filter(kind="card_payment").count() == 2


def test_r7_a_payment_that_is_undone_counts_nothing(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    household(
        pluggy,
        alice,
        X1=[
            entry("2026-10-10", -300, "PAGTO FATURA", CARD_BILL),
            entry("2026-10-11", 300, "ESTORNO PAGTO FATURA", CARD_BILL),
        ],
        C1=[
            entry("2026-10-10", -300, "PAGAMENTO RECEBIDO", categoryId=None),
            entry("2026-10-11", 300, "ESTORNO DE PAGAMENTO", categoryId=None),
        ],
    )
    assert month(as_alice, "2026-10") == {}
    assert set(Transaction.objects.values_list("kind", flat=True)) == {"card_payment"}


def test_r8_a_card_in_credit_is_positive(alice: User, pluggy: LocalPluggy, as_alice: Client) -> None:
    limits: Json = {"creditLimit": 5000, "availableCreditLimit": 5120}
    load_world(pluggy, alice, {"connectorId": 9002, "accounts": [card(-120, **limits)]})
    (currency,) = as_alice.get(reverse("net_worth_json")).json()["currencies"]
    assert currency["net_worth"] == "120.00" == cards(as_alice)[0]["balance"]


def test_r9_cancelled_installments_are_not_to_come(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    def installment(number: int, day: str) -> Json:
        data = {
            "installmentNumber": number,
            "totalInstallments": 6,
            "purchaseDate": "2026-09-15T03:00:00.000Z",
        }
        return entry(day, 50, f"MOVEIS SUL 0{number}/06", "17030000", creditCardMetadata=data)

    credit = entry("2026-11-05", -200, "ESTORNO MOVEIS SUL", "17030000", operationType="ESTORNO")
    household(pluggy, alice, C2=[installment(1, "2026-09-15"), installment(2, "2026-10-15"), credit])
    (purchase,) = as_alice.get(reverse("installments_json")).json()["purchases"] or [{"expected": "0.00"}]
    assert purchase["expected"] == "0.00"
    assert month(as_alice, "2026-11") == brl("0.00", "-200.00")


def test_r10_a_foreign_amount_is_beside_the_spending(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    spent = entry(
        "2026-10-09",
        30,
        "OPENAI",
        "09000000",
        currencyCode="USD",
        creditCardMetadata={"billForecastDate": "2026-11"},
    )
    household(pluggy, alice, C2=[spent])
    assert month(as_alice, "2026-10") == {"USD": {"income": "0.00", "spending": "30.00"}}


def test_r11_a_pix_on_the_credit_card_is_spent_once(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    forecast = {"creditCardMetadata": {"billForecastDate": "2026-11"}}
    household(
        pluggy,
        alice,
        C1=[
            entry("2026-10-22", 210.1, "PIX NO CREDITO", PIX, **forecast),
            entry("2026-10-22", 8.5, "TARIFA PIX NO CREDITO", "16030000", **forecast),
        ],
        X1=[
            entry("2026-10-22", 210.1, "PIX NO CREDITO", PIX, **OWN_BOTH),
            entry("2026-10-22", -210.1, "PIX ENVIADO MARIA SOUZA", PIX, paymentData=payment(OWN, MARIA)),
        ],
    )
    assert month(as_alice, "2026-10") == brl("0.00", "218.60")


def test_r14_equal_own_transfers_count_nothing(alice: User, pluggy: LocalPluggy, as_alice: Client) -> None:
    sent = [entry("2026-10-19", -600, "PIX ENVIADO BIA", PIX, **OWN_BOTH) for _ in range(2)]
    received = [entry("2026-10-19", 600, "PIX RECEBIDO BIA", PIX, **OWN_BOTH) for _ in range(2)]
    household(pluggy, alice, X1=sent, Y1=received)
    assert month(as_alice, "2026-10") == {}
    assert not TransactionMatch.objects.suggested().exists()
