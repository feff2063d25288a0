"""Money that comes back, lines that move no money, and automatic investments that only the words tell."""

from decimal import Decimal
from typing import Any

import pytest

from accounts.models import User
from banking.ledger import monthly_totals
from banking.ledger.classification import Override
from banking.ledger.edits import TransactionEdits
from banking.ledger.models import Kind, Transaction, TransactionMatch
from banking.ledger.overrides import save_edits
from tests.household import OWN, Household, body, payment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

MARIA, SHOP, OTHER_SHOP = "52998224725", "11222333000181", "12ABC34501DE35"
PIX, TED, BOLETO, RESTAURANT, NONE = "05070000", "05080000", "05010000", "11010000", None


@pytest.fixture
def household(alice: User) -> Household:
    return Household.of(alice)


def out(document: str = SHOP, method: str = "PIX") -> dict[str, Any]:
    return {"paymentData": payment(OWN, document, method)}


def back(document: str = SHOP, method: str = "PIX") -> dict[str, Any]:
    return {"paymentData": payment(document, OWN, method)}


GIVEN_BACK = {
    "a PIX": (
        body("X1", "10-06", "PIX ENVIADO MARIA SOUZA", "-88", PIX, **out(MARIA)),
        body("X1", "10-07", "PIX DEVOLVIDO MARIA SOUZA", "88", PIX, **back(MARIA)),
    ),
    "a part of a PIX": (
        body("X1", "10-06", "PIX ENVIADO LOJA LTDA", "-154.04", PIX, **out()),
        body("X1", "10-07", "DEVOLUCAO PIX LOJA LTDA", "40", PIX, **back()),
    ),
    "a TED": (
        body("X1", "10-12", "TED ENVIADA LOJA LTDA", "-77", TED, **out(method="TED")),
        body("X1", "10-13", "TED DEVOLVIDA LOJA LTDA", "77", TED, **back(method="TED")),
    ),
    "a boleto": (
        body("X1", "10-14", "PAGAMENTO BOLETO ENERGIA", "-66", BOLETO),
        body("X1", "10-15", "ESTORNO PAGAMENTO BOLETO ENERGIA", "66", BOLETO),
    ),
    "a purchase with the debit card": (
        body("X1", "10-16", "COMPRA DEBITO MAGAZINE", "-89.9", NONE),
        body("X1", "10-17", "ESTORNO COMPRA DEBITO MAGAZINE", "89.9", NONE),
    ),
    "a part, by words alone": (
        body("X1", "10-16", "PIX ENVIADO LOJA DO ZE", "-90", PIX),
        body("X1", "10-17", "Devolução parcial pix loja do ze", "30", PIX),
    ),
    "weeks later": (
        body("X1", "08-01", "PIX ENVIADO LOJA", "-90", PIX, **out(OTHER_SHOP)),
        body("X1", "10-17", "PIX DEVOLVIDO", "90", PIX, **back("12.abc.345/01de-35")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", GIVEN_BACK)
def test_money_given_back_is_a_refund_in_the_category_of_what_it_undoes(
    household: Household, case: str
) -> None:
    """R-3."""
    purchase, refund = household.store(*GIVEN_BACK[case])
    assert (purchase.kind, refund.kind) == (Kind.EXPENSE, Kind.REFUND)
    assert TransactionMatch.objects.active().filter(outflow=purchase, inflow=refund).exists()
    purchase = Transaction.objects.select_related("account__item__connector").get(id=purchase.id)
    save_edits(purchase, TransactionEdits(override=Override(category_id=RESTAURANT)))
    refund.refresh_from_db()
    assert (refund.kind, refund.category_id) == (Kind.REFUND, RESTAURANT)
    assert monthly_totals.differences() == []


@pytest.mark.parametrize(
    "description",
    [
        "PIX DEVOLVIDO", "Pix devolvida", "DEVOLUÇÃO PIX", "DEVOLUCAO DE TED", "TED ESTORNADA", "ESTORNO PIX",
        "REEMBOLSO UBER", "Valor reembolsado", "DEV PIX JOAO", "DEVOL. TED", "CASHBACK",
    ],
)  # fmt: skip
@pytest.mark.parametrize("category", [PIX, TED, BOLETO, "06000000", NONE, "99999999"])
def test_the_words_of_the_banks(household: Household, description: str, category: str | None) -> None:
    assert household.kinds(body("X1", "10-06", description, "10", category)) == [Kind.REFUND]


@pytest.mark.parametrize(
    ("description", "amount", "category", "kind"),
    [
        ("JUROS ESTORNADOS", "10", "02010000", "refund"),
        ("CRED JUROS", "10", "02020000", "refund"),
        ("TARIFA PACOTE", "10", "16030000", "refund"),
        ("IOF", "10", "15000000", "refund"),
        ("ESTORNO IOF EMPRESTIMO", "10", "02040000", "refund"),
        ("CREDITO EMPRESTIMO", "1000", "02040000", "loan"),
        ("CREDITO FINANCIAMENTO", "1000", "02030001", "loan"),
        ("CREDITO", "1000", "02000000", "loan"),
        ("JUROS", "-10", "02010000", "expense"),
        ("RESTITUICAO IMPOSTO DE RENDA", "10", NONE, "income"),
        ("SALARIO DEVOLUCAO IRRF", "10", "01010000", "income"),
        ("PIX DEVOLVIDO", "-10", PIX, "expense"),  # the user gave it back
        ("ESTORNO APLICACAO", "10", "03020000", "investment"),
        ("ESTORNO PAGTO FATURA", "10", "05100000", "card_payment"),
        ("DEVOLUCAO TRANSFERENCIA", "10", "04020000", "transfer"),
        ("PIX RECEBIDO MARIA", "10", PIX, "income"),
    ],
)
def test_interest_and_fees_given_back_are_no_loan(
    household: Household, description: str, amount: str, category: str | None, kind: str
) -> None:
    assert household.kinds(body("X1", "10-06", description, amount, category)) == [kind]


@pytest.mark.parametrize(
    "description",
    [
        "SALDO ANTERIOR", "Saldo do dia", "SALDO DO DIA 05/10/2026", "SALDO EM CONTA CORRENTE R$ 1.234,56",
        "S A L D O", "SALDO TOTAL DISPONÍVEL DIA", "SALDO FINAL",
    ],
)  # fmt: skip
@pytest.mark.parametrize("amount", ["-1500", "1500"])
@pytest.mark.parametrize("category", [NONE, PIX])
def test_a_balance_line_moves_no_money(
    household: Household, description: str, amount: str, category: str | None
) -> None:
    kinds = household.kinds(
        body("X1", "10-06", description, amount, category),
        body("Y1", "10-06", "DEPOSITO", str(-Decimal(amount)), NONE),
    )
    assert kinds[0] == Kind.NEUTRAL
    assert not TransactionMatch.objects.exists()


@pytest.mark.parametrize(
    ("description", "kind"),
    [
        ("JUROS SALDO DEVEDOR", "expense"),
        ("SALDO MERCADO", "expense"),
        ("SALDO DE SALARIO", "expense"),
        ("SALDO DEVEDOR", "expense"),
        ("APLICACAO AUTOMATICA", "investment"),
        ("Aplicação automática", "investment"),
        ("APL APLIC AUT MAIS", "investment"),
        ("APLIC.INVEST FACIL", "investment"),
        ("BB RENDE FACIL", "investment"),
        ("APLICACAO CDB", "investment"),
        ("Dinheiro guardado", "investment"),
        ("IOF RESGATE AUTOMATICO", "expense"),
        ("APLICACAO VACINA", "expense"),
        ("APLICATIVO AUTOESCOLA", "expense"),
    ],
)
def test_words_alone_tell_balances_and_investments(household: Household, description: str, kind: str) -> None:
    assert household.kinds(body("X1", "10-06", description, "-10", NONE)) == [kind]


@pytest.mark.parametrize(
    ("description", "category", "kind"),
    [
        ("RESGATE AUTOMATICO", NONE, "investment"),
        ("RES APLIC AUT MAIS", "99999999", "investment"),
        ("REND PAGO APLIC AUT MAIS", NONE, "income"),
        ("RESGATE CDB", PIX, "income"),  # the bank's category is stronger
        ("RESGATE PONTOS", NONE, "income"),
    ],
)
def test_a_redemption_is_no_income(
    household: Household, description: str, category: str | None, kind: str
) -> None:
    assert household.kinds(body("X1", "10-06", description, "10", category)) == [kind]


def test_on_a_card_the_words_of_investments_say_nothing(household: Household) -> None:
    assert household.kinds(body("C1", "10-06", "APLICACAO CDB", "10", NONE, type="DEBIT")) == ["expense"]


def test_two_equal_purchases_leave_the_refund_in_its_own_category(household: Household) -> None:
    *_, refund = household.store(
        body("X1", "10-05", "PIX ENVIADO MARIA", "-88", PIX, **out(MARIA)),
        body("X1", "10-06", "PIX ENVIADO MARIA", "-88", PIX, **out(MARIA)),
        body("X1", "10-07", "PIX DEVOLVIDO MARIA", "88", PIX, **back(MARIA)),
    )
    assert (refund.kind, refund.category_id) == (Kind.REFUND, PIX)
    assert household.total("expense", "refund") == -88


def test_a_refund_that_arrives_first_is_linked_when_the_purchase_comes(household: Household) -> None:
    purchase, refund = GIVEN_BACK["a PIX"]
    household.store(refund)
    household.store(purchase)
    assert TransactionMatch.objects.active().filter(kind="refund").count() == 1
