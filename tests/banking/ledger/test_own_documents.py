"""Own transfers by the documents of payer and receiver, and the veto of a third party's document."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.connections.models import Item
from banking.ledger import monthly_totals
from banking.ledger.models import Account, Kind, Transaction, TransactionMatch
from banking.money.documents import document_hash
from banking.web.api_client import pluggy as our_client
from tests.household import OWN, Household, body, payment
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

MARIA, SCHOOL, NEW_SCHOOL, COMPANY = "52998224725", "11222333000181", "12ABC34501DE35", "00000000000191"
BETWEEN_OWN: dict[str, Any] = {"paymentData": payment(OWN, OWN)}
PIX, TED, SALARY = "05070000", "05080000", "01010000"


@pytest.fixture
def household(alice: User) -> Household:
    return Household.of(alice)


def active_matches(kind: str) -> int:
    return TransactionMatch.objects.active().filter(kind=kind).count()


def test_a_wage_that_is_sent_on_counts_once(household: Household) -> None:
    """R-1."""
    kinds = household.kinds(
        body("X1", "10-05", "SALARIO EMPRESA", "5000", SALARY),
        body("X1", "10-05", "PORTABILIDADE SALARIO", "-5000", TED, paymentData=payment(OWN, OWN, "TED")),
        body("Y1", "10-05", "CRED SALARIO PORTABILIDADE", "5000", SALARY, **BETWEEN_OWN),
    )
    assert kinds == [Kind.INCOME, Kind.TRANSFER, Kind.TRANSFER]
    assert household.total("income") == 5000
    assert active_matches("transfer") == 1


def test_a_wage_that_is_sent_on_without_documents_counts_once(household: Household) -> None:
    kinds = household.kinds(
        body("X1", "10-05", "SALARIO EMPRESA", "5000", SALARY),
        body("X1", "10-05", "PORTABILIDADE SALARIO", "-5000", TED),
        body("Y1", "10-06", "CRED SALARIO PORTABILIDADE", "5000", SALARY),
    )
    assert kinds == [Kind.INCOME, Kind.TRANSFER, Kind.TRANSFER]


def test_a_wage_that_arrives_by_portability_from_a_bank_that_is_not_connected_is_income(
    household: Household,
) -> None:
    assert household.kinds(body("Y1", "10-05", "CRED SALARIO PORTABILIDADE", "5000", SALARY)) == ["income"]


def test_an_own_pix_or_ted_is_a_transfer_without_its_other_side(household: Household) -> None:
    """R-2, and C-23."""
    ted = payment(OWN, OWN, "TED")
    kinds = household.kinds(
        body("X1", "10-20", "PIX ENVIADO BIA", "-333", PIX, **BETWEEN_OWN),
        body("X1", "10-13", "TED BIA", "-1234", TED, paymentData=ted),
        body("X1", "10-14", "TED DEVOLVIDA", "1234", TED, paymentData=ted),
        body("X1", "10-15", "PIX RECEBIDO", "700", None, paymentData=payment("390.533.447-05", OWN)),
        body("X1", "10-16", "PIX ENVIADO", "-80", PIX, paymentData=payment(OWN, MARIA)),
    )
    assert kinds == [Kind.TRANSFER] * 4 + [Kind.EXPENSE]
    assert household.total("income") == 0


@pytest.mark.parametrize(
    ("payer", "receiver", "amount", "category", "kind"),
    [
        (OWN, OWN, "-10", "11010000", "transfer"),  # whatever the category says
        (OWN, OWN, "10", "02040000", "transfer"),
        (None, OWN, "-10", PIX, "transfer"),  # the money left the owner's account
        (OWN, None, "10", PIX, "transfer"),
        (None, None, "-10", PIX, "expense"),
        (OWN, None, "-10", PIX, "expense"),
        ("3905334470", OWN, "-10", PIX, "transfer"),  # cut: it names nobody
        (OWN, "***.533.447-**", "-10", PIX, "expense"),  # masked: it may be somebody else
        (COMPANY, OWN, "-10", PIX, "expense"),  # the documents contradict each other
        (OWN, COMPANY, "-10", PIX, "expense"),  # the owner's company
        (COMPANY, OWN, "10", PIX, "income"),
        (MARIA, MARIA, "10", PIX, "income"),
        (OWN, OWN, "-10", "05100000", "card_payment"),
        (OWN, OWN, "-10", "06010000", "neutral"),
    ],
)  # fmt: skip
def test_both_documents_decide(
    household: Household, payer: str | None, receiver: str | None, amount: str, category: str, kind: str
) -> None:
    sent = body("X1", "10-20", "PIX BIA", amount, category, paymentData=payment(payer, receiver))
    assert household.kinds(sent) == [kind]


def test_a_companys_account_has_own_transfers_of_its_cnpj(alice: User) -> None:
    household = Household.of(alice, owner=NEW_SCHOOL)
    kinds = household.kinds(
        body("X1", "10-20", "PIX FILIAL", "-10", PIX, paymentData=payment(NEW_SCHOOL, "12.abc.345/01de-35")),
        body("X1", "10-20", "PIX SOCIA", "-20", PIX, paymentData=payment(NEW_SCHOOL, OWN)),
    )
    assert kinds == [Kind.TRANSFER, Kind.EXPENSE]


def test_a_person_and_their_connected_company_are_asked_about(household: Household) -> None:
    account = household.accounts["Y1"]
    account.owner_hash = document_hash(COMPANY)
    account.save()
    kinds = household.kinds(
        body("Y1", "10-20", "PIX ENVIADO BIA", "-900", PIX, paymentData=payment(COMPANY, OWN)),
        body("X1", "10-20", "PIX RECEBIDO BIA ME", "900", PIX, paymentData=payment(COMPANY, OWN)),
    )
    assert kinds == [Kind.EXPENSE, Kind.INCOME]
    assert [match.state for match in TransactionMatch.objects.all()] == ["suggested"]


def test_a_pix_to_a_key_in_the_text_goes_to_its_owner(household: Household) -> None:
    sent = household.store(
        body("X1", "10-20", "PIX ENVIADO 390.533.447-05", "-50", PIX),
        body("X1", "10-20", "PIX ENVIADO 12.ABC.345/01DE-35", "-60", PIX),
        body(
            "X1", "10-20", "PIX RECEBIDO 390.533.447-05", "70", PIX
        ),  # the own key says nothing of the payer
    )
    assert [transaction.kind for transaction in sent] == ["transfer", "expense", "income"]
    assert sent[1].counterparty_document == "**.ABC.345/01DE-**"


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 2, 3, 0)])
def test_two_equal_own_transfers_are_matched_in_any_order(
    household: Household, order: tuple[int, ...]
) -> None:
    """R-14."""
    bodies = [
        body("X1", "10-19", "PIX ENVIADO BIA", "-600", PIX, **BETWEEN_OWN),
        body("Y1", "10-19", "PIX RECEBIDO BIA", "600", PIX, **BETWEEN_OWN),
        body("X1", "10-19", "PIX ENVIADO BIA", "-600", PIX, **BETWEEN_OWN),
        body("Y1", "10-19", "PIX RECEBIDO BIA", "600", PIX, **BETWEEN_OWN),
    ]
    assert set(household.kinds(*(bodies[index] for index in order))) == {Kind.TRANSFER}
    assert active_matches("transfer") == 2
    assert not TransactionMatch.objects.suggested().exists()


def test_two_own_transfers_out_and_one_in_leave_no_question(household: Household) -> None:
    kinds = household.kinds(
        body("X1", "10-19", "PIX ENVIADO BIA", "-600", PIX, **BETWEEN_OWN),
        body("X1", "10-20", "PIX ENVIADO BIA", "-600", PIX, **BETWEEN_OWN),
        body("Y1", "10-20", "PIX RECEBIDO BIA", "600", PIX, **BETWEEN_OWN),
        body("Y1", "10-20", "PIX RECEBIDO MARIA", "600", PIX, paymentData=payment(MARIA, OWN)),
    )
    assert kinds == [Kind.TRANSFER, Kind.TRANSFER, Kind.TRANSFER, Kind.INCOME]
    assert active_matches("transfer") == 1
    assert not TransactionMatch.objects.suggested().exists()


CARD_PIX = (
    body("C1", "10-22", "PIX NO CREDITO", "210.1", PIX, type="DEBIT"),
    body("C1", "10-22", "TARIFA PIX NO CREDITO", "8.5", "16030000", type="DEBIT"),
    body("X1", "10-22", "PIX NO CREDITO", "210.1", PIX, **BETWEEN_OWN),
    body("X1", "10-22", "PIX ENVIADO MARIA SOUZA", "-210.1", PIX, paymentData=payment(OWN, MARIA)),
)


def test_a_pix_on_the_credit_card_is_spent_once(household: Household) -> None:
    """R-11."""
    assert household.kinds(*CARD_PIX) == [Kind.TRANSFER, Kind.EXPENSE, Kind.TRANSFER, Kind.EXPENSE]
    assert household.total("expense", "refund") == Decimal("-218.60")
    assert household.total("income") == 0


def test_a_pix_on_the_credit_card_is_matched_by_words_without_documents(household: Household) -> None:
    arrival = body("X1", "10-23", "CREDITO PIX NO CARTAO", "99", None)
    kinds = household.kinds(body("C1", "10-22", "Pix no crédito", "99", None, type="DEBIT"), arrival)
    assert kinds == [Kind.TRANSFER, Kind.TRANSFER]


def test_a_pix_on_the_credit_card_that_goes_straight_to_a_shop_is_spending(household: Household) -> None:
    kinds = household.kinds(
        body("C1", "10-22", "PIX NO CREDITO", "99", PIX, type="DEBIT"),
        body("X1", "10-22", "PIX RECEBIDO MARIA", "99", PIX, paymentData=payment(MARIA, OWN)),
        body("Y1", "10-22", "DEPOSITO", "99", None),
    )
    assert kinds == [Kind.EXPENSE, Kind.INCOME, Kind.INCOME]


@pytest.mark.parametrize("document", [SCHOOL, NEW_SCHOOL, MARIA])
def test_a_third_partys_document_forbids_a_silent_card_payment(household: Household, document: str) -> None:
    kinds = household.kinds(
        body("X1", "10-10", "PIX ENVIADO", "-800", PIX, paymentData=payment(OWN, document)),
        body("C1", "10-11", "PAGAMENTO RECEBIDO", "-800", None, type="CREDIT"),
    )
    assert kinds == [Kind.EXPENSE, Kind.CARD_PAYMENT]
    assert active_matches("card_payment") == 0


def test_a_third_partys_document_makes_the_true_payment_no_less_certain(household: Household) -> None:
    kinds = household.kinds(
        body("X1", "10-10", "PIX ENVIADO ESCOLA", "-800", PIX, paymentData=payment(OWN, SCHOOL)),
        body("Y1", "10-10", "PAGAMENTO BOLETO BANCO XIS", "-800", "05010000"),
        body("C1", "10-11", "PAGAMENTO RECEBIDO", "-800", None, type="CREDIT"),
    )
    assert kinds == [Kind.EXPENSE, Kind.CARD_PAYMENT, Kind.CARD_PAYMENT]


def test_the_issuers_document_forbids_nothing_where_the_bank_says_card_payment(household: Household) -> None:
    household.kinds(
        body("X1", "10-10", "BOLETO BANCO XIS", "-800", "05100000", paymentData=payment(OWN, SCHOOL)),
        body("C1", "10-11", "PAGAMENTO RECEBIDO", "-800", None, type="CREDIT"),
    )
    assert active_matches("card_payment") == 1


def test_a_refund_of_another_company_is_not_linked(household: Household) -> None:
    household.store(
        body("X1", "10-10", "PIX LOJA SOL", "-80", PIX, paymentData=payment(OWN, SCHOOL)),
        body("X1", "10-12", "PIX DEVOLVIDO LOJA SOL", "80", PIX, paymentData=payment(NEW_SCHOOL, OWN)),
    )
    assert active_matches("refund") == 0


def world_item(pluggy: LocalPluggy, user: User, accounts: list[dict[str, Any]], **more: Any) -> Item:
    """Load a world with one item of the user, and sync it."""
    item_id = "10000000-0000-4000-8000-000000000923"
    world = {"id": item_id, "connectorId": 9002, "accounts": accounts} | more
    pluggy.control("POST", f"/world?clientUserId={user.reference}", items=[world])
    pluggy.wait_until_collected(item_id)
    item = actions.claim(user, item_id, client=our_client(), now=timezone.now())  # type: ignore[arg-type]
    run_sync(item)
    return item


def to_self(amount: int, day: str, document: str = "761.092.776-73") -> dict[str, Any]:
    return {
        "date": f"2026-11-{day}T15:00:00.000Z", "amount": amount, "description": "PIX", "categoryId": PIX,
        "paymentData": payment("761.092.776-73", document),
    }  # fmt: skip


@pytest.mark.parametrize("tax_number", ["761.092.776-73", None, "***.***.776-73", "***.***.000-73"])
def test_the_owner_is_known_from_the_account_or_from_the_identity(
    alice: User, pluggy: LocalPluggy, tax_number: str | None
) -> None:
    """C-23; a masked number that contradicts the identity belongs to somebody else."""
    account = {
        "subtype": "CHECKING_ACCOUNT", "number": "0001/55501-0", "balance": 3000, "taxNumber": tax_number,
        "transactions": [to_self(-5000, "03"), to_self(-80, "06", "111.444.777-35")],
    }  # fmt: skip
    identity = {"fullName": "MARIA TESTE", "document": "761.092.776-73", "documentType": "CPF"}
    item = world_item(pluggy, alice, [account], identity=identity)
    spent = Transaction.objects.filter(account__item=item, kind="expense").values_list(
        "signed_amount", flat=True
    )
    expected = [-80] if tax_number != "***.***.000-73" else [-5000, -80]
    assert sorted(spent) == expected


def test_transactions_move_when_the_owner_becomes_known(alice: User, pluggy: LocalPluggy) -> None:
    account = {
        "subtype": "CHECKING_ACCOUNT",
        "number": "0001/5",
        "balance": 1,
        "transactions": [to_self(-50, "03")],
    }
    item = world_item(pluggy, alice, [account | {"taxNumber": "761.092.776-73"}])
    Account.objects.update(owner_hash="")
    Transaction.objects.update(kind="expense")
    monthly_totals.rebuild()
    mark_changed(item)
    run_sync(item, after=timedelta(hours=2))
    assert [transaction.kind for transaction in Transaction.objects.all()] == ["transfer"]
    assert monthly_totals.differences() == []
