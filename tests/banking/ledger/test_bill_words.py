"""classify(): payments of card bills, and payments undone, that only the words tell."""

from decimal import Decimal

import pytest

from banking.ledger.models import OTHER, Kind
from tests.banking.ledger.test_classification import BANK, CARD, build_input, kind_of


@pytest.mark.parametrize(
    "description",
    [
        "PAGAMENTO FATURA CARTAO",
        "Pagamento de fatura",
        "PAGTO FATURA",
        "PGTO. FATURA NUBANK",
        "PAG FATURA VISA FINAL 1234",
        "PAGAMENTO DA FATURA",
        "PAGAMENTO CARTAO DE CREDITO",
        "Pagamento cartão de crédito",
        "DEB AUT FATURA CARTAO",
    ],
)
@pytest.mark.parametrize("category_id", ["", OTHER, "05010000"])
def test_bank_account_pays_a_bill_by_its_words(description: str, category_id: str) -> None:
    entry = build_input(description=description, type="DEBIT", category_id=category_id)
    assert kind_of(entry) == Kind.CARD_PAYMENT


@pytest.mark.parametrize(
    ("description", "category_id"),
    [
        ("PAGAMENTO FATURA ENERGIA", ""),
        ("PAGTO FATURA VIVO", ""),
        ("PAGAMENTO FATURA CLARO CELULAR", OTHER),
        ("PAGAMENTO BOLETO ENERGIA", ""),
        ("PAG*FATURA EXPRESS", ""),
        ("COMPRA CARTAO PADARIA", ""),
        ("PAGAMENTO FATURA", "11010000"),  # the bank names another category
    ],
)
def test_bank_account_pays_something_else(description: str, category_id: str) -> None:
    entry = build_input(description=description, type="DEBIT", category_id=category_id)
    assert kind_of(entry) == Kind.EXPENSE


@pytest.mark.parametrize("operation", ["", "ESTORNO"])
@pytest.mark.parametrize("category_id", ["", "05100000"])
def test_bank_account_gets_the_payment_of_a_bill_back(operation: str, category_id: str) -> None:
    entry = build_input(
        description="ESTORNO PAGTO FATURA",
        amount=Decimal(300),
        type="CREDIT",
        category_id=category_id,
        operation_type=operation,
    )
    assert kind_of(entry) == Kind.CARD_PAYMENT


@pytest.mark.parametrize(
    "description",
    [
        "ESTORNO DE PAGAMENTO",
        "Estorno pagto",
        "ESTORNO DO PAGAMENTO RECEBIDO",
        "CANCELAMENTO DE PAGAMENTO",
        "DEVOLUÇÃO DE PAGAMENTO",
        "PAGAMENTO ESTORNADO",
    ],
)
@pytest.mark.parametrize("category_id", ["", OTHER, "05100000"])
def test_card_takes_a_payment_back(description: str, category_id: str) -> None:
    entry = build_input(description=description, amount=Decimal(300), type="DEBIT", category_id=category_id)
    assert kind_of(entry, CARD) == Kind.CARD_PAYMENT


@pytest.mark.parametrize(
    ("description", "type", "kind"),
    [
        ("PAGAMENTO DE CONTAS", "DEBIT", Kind.EXPENSE),  # a bill of somebody else, paid with the card
        ("ESTORNO PAG*LOJA", "DEBIT", Kind.EXPENSE),
        ("ESTORNO DE CREDITO", "DEBIT", Kind.EXPENSE),
        ("ESTORNO LOJA", "CREDIT", Kind.REFUND),
        ("ESTORNO DE PAGAMENTO", "CREDIT", Kind.REFUND),
        ("PAGAMENTO RECEBIDO", "CREDIT", Kind.CARD_PAYMENT),
    ],
)
def test_other_money_on_a_card_stays_what_it_is(description: str, type: str, kind: Kind) -> None:
    amount = Decimal(-300) if type == "CREDIT" else Decimal(300)
    assert kind_of(build_input(description=description, amount=amount, type=type), CARD) == kind


@pytest.mark.parametrize("account", [BANK, CARD])
def test_what_the_user_says_is_stronger_than_the_words(account: object) -> None:
    entry = build_input(description="PAGAMENTO FATURA ESTORNO DE PAGAMENTO", type="DEBIT")
    assert kind_of(entry, account, category_id="11010000") == Kind.EXPENSE  # type: ignore[arg-type]
