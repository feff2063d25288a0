"""A third party's masked document forbids silent matches as far as it is visible; the user's own proves nothing."""

import pytest

from accounts.models import User
from banking.ledger.models import Account, Kind, TransactionMatch
from banking.money.documents import visible_part
from tests.banking.ledger.test_own_documents import to_self, world_item
from tests.household import OWN, Household, body, payment
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

PIX, OWN_TRANSFER = "05070000", "04000000"
OTHER_PERSON, OTHER_COMPANY, OWN_MASKED = "***.123.456-**", "**.222.333/0001-**", "***.533.447-**"
OTHERS = [OTHER_PERSON, OTHER_COMPANY, "***.***.456-**", "XXX.123.456-XX", "•••.123.456-••"]
OWN_OR_NOBODY = [OWN_MASKED, "***.***.447-**", "XXX.533.447-XX", "***.***.***-**", "*", None]


@pytest.fixture
def household(alice: User) -> Household:
    return Household.of(alice)


def matches(state: str) -> list[str]:
    return list(TransactionMatch.objects.filter(state=state).values_list("kind", flat=True))


@pytest.mark.parametrize("document", OTHERS)
def test_money_to_another_persons_masked_document_is_no_transfer(household: Household, document: str) -> None:
    """The bank's category says own transfer, and the amount comes back from elsewhere on the same day."""
    household.store(
        body("X1", "10-10", "PIX ENVIADO", "-300", OWN_TRANSFER, paymentData=payment(OWN, document)),
        body("Y1", "10-10", "DEPOSITO", "300", None),
    )
    assert matches("automatic") == []


@pytest.mark.parametrize("document", OWN_OR_NOBODY)
def test_a_masked_document_that_may_be_the_users_forbids_nothing(
    household: Household, document: str | None
) -> None:
    household.store(
        body("X1", "10-10", "PIX ENVIADO", "-300", OWN_TRANSFER, paymentData=payment(OWN, document)),
        body("Y1", "10-10", "DEPOSITO", "300", None),
    )
    assert matches("automatic") == ["transfer"]


@pytest.mark.parametrize("document", OWN_OR_NOBODY)
def test_a_masked_document_that_may_be_the_users_proves_nothing(
    household: Household, document: str | None
) -> None:
    kinds = household.kinds(
        body("X1", "10-10", "PIX ENVIADO", "-300", PIX, paymentData=payment(OWN, document)),
        body("Y1", "10-10", "PIX RECEBIDO", "300", PIX, paymentData=payment(document, OWN)),
    )
    assert kinds == [Kind.EXPENSE, Kind.INCOME]
    assert (matches("automatic"), matches("suggested")) == ([], ["transfer"])


@pytest.mark.parametrize("document", OTHERS)
def test_money_to_another_masked_document_pays_no_card_silently(household: Household, document: str) -> None:
    kinds = household.kinds(
        body("X1", "10-10", "PIX ENVIADO", "-800", PIX, paymentData=payment(OWN, document)),
        body("C1", "10-11", "PAGAMENTO RECEBIDO", "-800", None, type="CREDIT"),
    )
    assert kinds == [Kind.EXPENSE, Kind.CARD_PAYMENT]
    assert matches("automatic") == []


def test_the_issuers_masked_document_forbids_nothing_where_the_bank_says_card_payment(
    household: Household,
) -> None:
    household.store(
        body("X1", "10-10", "BOLETO", "-800", "05100000", paymentData=payment(OWN, OTHER_COMPANY)),
        body("C1", "10-11", "PAGAMENTO RECEBIDO", "-800", None, type="CREDIT"),
    )
    assert matches("automatic") == ["card_payment"]


def test_a_refund_of_another_masked_document_is_not_linked(household: Household) -> None:
    household.store(
        body("X1", "10-10", "PIX LOJA SOL", "-80", PIX, paymentData=payment(OWN, "11222333000181")),
        body(
            "X1", "10-12", "PIX DEVOLVIDO LOJA SOL", "80", PIX, paymentData=payment("**.333.444/0001-**", OWN)
        ),
    )
    assert matches("automatic") == []


def test_a_refund_of_the_same_masked_document_is_linked_by_its_words(household: Household) -> None:
    household.store(
        body("X1", "10-10", "PIX LOJA SOL", "-80", PIX, paymentData=payment(OWN, "11222333000181")),
        body("X1", "10-12", "PIX DEVOLVIDO LOJA SOL", "80", PIX, paymentData=payment(OTHER_COMPANY, OWN)),
    )
    assert matches("automatic") == ["refund"]


def test_a_masked_document_of_the_users_company_is_their_own(household: Household) -> None:
    company = household.accounts["Y1"]
    company.owner_shown = visible_part("11222333000181")
    company.save()
    household.store(
        body("X1", "10-10", "TED", "-300", OWN_TRANSFER, paymentData=payment(OWN, OTHER_COMPANY)),
        body("Y1", "10-10", "TED", "300", None),
    )
    assert matches("automatic") == ["transfer"]


def test_a_whole_document_contradicts_a_masked_owner(alice: User) -> None:
    """The bank masks the owner's document and sends the counterpart's whole."""
    household = Household.of(alice)
    Account.objects.update(owner_hash="")
    for name, account in household.accounts.items():
        household.accounts[name] = Account.objects.select_related("item__connector").get(id=account.id)
    household.store(
        body("X1", "10-10", "PIX ENVIADO", "-300", OWN_TRANSFER, paymentData=payment(None, "52998224725")),
        body("Y1", "10-10", "DEPOSITO", "300", None),
        body("X1", "11-10", "PIX ENVIADO", "-400", OWN_TRANSFER, paymentData=payment(None, OWN)),
        body("Y1", "11-10", "DEPOSITO", "400", None),
    )
    assert matches("automatic") == []
    suggested = TransactionMatch.objects.get()
    assert suggested.inflow.signed_amount == 400  # a document that may be the user's forbids nothing


def test_documents_that_contradict_each_other_are_no_own_transfer(household: Household) -> None:
    """Payer and receiver are shown as two persons, one of them masked."""
    kinds = household.kinds(
        body("X1", "10-10", "PIX", "-300", PIX, paymentData=payment(OTHER_PERSON, OWN)),
        body("X1", "10-11", "PIX", "-310", PIX, paymentData=payment(OWN_MASKED, OWN)),
    )
    assert kinds == [Kind.EXPENSE, Kind.TRANSFER]


def test_a_match_goes_when_the_owner_becomes_known(alice: User, pluggy: LocalPluggy) -> None:
    """The bank sends the owner's document later than the transactions."""
    sent = to_self(-300, "03", OTHER_PERSON) | {"categoryId": OWN_TRANSFER}
    sent["paymentData"] = payment(None, OTHER_PERSON)
    arrived = {"date": "2026-11-03T16:00:00Z", "amount": 300, "description": "DEPOSITO"}
    unknown = {"balance": 1, "taxNumber": None}
    checking = {"subtype": "CHECKING_ACCOUNT", "number": "0001/5", "transactions": [sent]}
    savings = {"subtype": "SAVINGS_ACCOUNT", "number": "0001/6", "transactions": [arrived]}
    item = world_item(pluggy, alice, [checking | unknown, savings | unknown])
    assert matches("automatic") == ["transfer"]
    listed = pluggy.api("GET", f"/accounts?itemId={item.id}")
    listed["results"] = [account | {"taxNumber": "761.092.776-73"} for account in listed["results"]]
    pluggy.fault("status", "^/accounts", status=200, body=listed, times=None)
    mark_changed(item)
    run_sync(item)
    assert matches("automatic") == []
    assert set(Account.objects.values_list("owner_shown", flat=True)) == {"***092776**"}
    mark_changed(item)
    assert run_sync(item).records_written == 0
