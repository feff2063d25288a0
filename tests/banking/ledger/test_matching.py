"""Matches of transactions: transfers, card payments, duplicates and refunds."""

import itertools
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from banking.connections.models import Item
from banking.ledger import disconnection, monthly_totals
from banking.ledger.classification import Override
from banking.ledger.edits import TransactionEdits
from banking.ledger.matching import reviews
from banking.ledger.matching.candidates import Candidate
from banking.ledger.matching.detection import MatchReviews, find_matches, find_refunds
from banking.ledger.models import (
    Account,
    Kind,
    Transaction,
    TransactionMatch,
)
from banking.ledger.models.matches import TransactionMatchQuerySet
from banking.ledger.overrides import save_edits
from banking.web.api_client import pluggy as our_client
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, run_sync

DAY = date(2026, 11, 12)
BANK, OTHER_BANK, CARD = (uuid.UUID(int=number) for number in (1, 2, 3))
IDS = itertools.count(100)


def candidate(signed_amount: str, account: UUID = BANK, *, days: int = 0, **more: Any) -> Candidate:
    value = Decimal(signed_amount)
    kind = more.pop("kind", Kind.EXPENSE if value < 0 else Kind.INCOME)
    defaults: dict[str, Any] = {"item_id": account, "cycle": DAY.replace(day=1), "currency": "BRL"}
    return Candidate(
        id=uuid.UUID(int=next(IDS)), account_id=account, is_card=account == CARD, signed_amount=value,
        day=DAY + timedelta(days=days), kind=kind, **(defaults | more),
    )  # fmt: skip


def outflow(signed_amount: str = "-100", **more: Any) -> Candidate:
    return candidate(signed_amount, BANK, **more)


def inflow(signed_amount: str = "100", **more: Any) -> Candidate:
    return candidate(signed_amount, OTHER_BANK, **more)


CREDIT: dict[str, Any] = {"kind": Kind.CARD_PAYMENT, "may_be_transfer": False}


def credit(signed_amount: str = "100", **more: Any) -> Candidate:
    return candidate(signed_amount, CARD, **(CREDIT | more))


def detected(*candidates: Candidate, decided: MatchReviews | None = None) -> list[tuple[str, str, str]]:
    matches = find_matches(candidates, decided or MatchReviews())
    return [(match.kind, match.state, match.evidence) for match in matches]


OWN: dict[str, Any] = {"own_evidence": "own document"}
SAME_BANK: dict[str, Any] = {"operation": "TRANSFERENCIA_MESMA_INSTITUICAO", "item_id": BANK}
TRANSFER = ("transfer", "automatic", "own document")
SUGGESTED_TRANSFER = ("transfer", "suggested", "same amount")
PAYMENT = ("card_payment", "automatic", "card payment")
SUGGESTED_PAYMENT = ("card_payment", "suggested", "several fit")
DUPLICATE = ("duplicate", "suggested", "same cycle")
CASES: dict[str, tuple[list[Candidate], list[tuple[str, str, str]]]] = {
    "evidence on the outflow": ([outflow(**OWN), inflow()], [TRANSFER]),
    "evidence on the inflow": ([outflow(), inflow(**OWN)], [TRANSFER]),
    "three business days apart": ([outflow(**OWN), inflow(days=5)], [TRANSFER]),
    "inflow before the outflow": ([outflow(**OWN), inflow(days=-2)], [TRANSFER]),
    "four business days apart": ([outflow(**OWN), inflow(days=6)], []),
    "another amount": ([outflow(**OWN), inflow("100.01")], []),
    "another currency": ([outflow(**OWN), inflow(currency="USD")], []),
    "the same account": ([outflow(**OWN), candidate("100")], []),
    "two outflows": ([outflow(**OWN), candidate("-100", OTHER_BANK)], []),
    "only the amount is the same": ([outflow(), inflow()], [SUGGESTED_TRANSFER]),
    "from another person": ([outflow(**OWN), inflow(is_other_party=True)], []),
    "to another person": ([outflow(is_other_party=True), inflow()], []),
    "a purchase": ([outflow(may_be_transfer=False), inflow(**OWN)], []),
    "the bank calls both sides a transfer within it": (
        [outflow(**SAME_BANK), inflow(**SAME_BANK)],
        [("transfer", "automatic", "own operation")],
    ),
    "the bank calls one side a transfer within it": (
        [outflow(**SAME_BANK), inflow(item_id=BANK)], [SUGGESTED_TRANSFER],
    ),
    "two inflows": (
        [outflow(**OWN), inflow(), inflow(days=1)], [("transfer", "suggested", "several fit")] * 2,
    ),
    "too many inflows": ([outflow(), *(inflow() for _ in range(4))], []),
    "a match that would change no kind": (
        [outflow(kind=Kind.TRANSFER, **OWN), *(inflow(kind=Kind.TRANSFER) for _ in range(2))],
        [],
    ),
    "the user has decided": ([outflow(is_decided=True), inflow()], []),
    "the card calls it a payment": ([outflow(), credit()], [PAYMENT]),
    "the bank calls it a payment": ([outflow(kind=Kind.CARD_PAYMENT), credit(kind=Kind.REFUND)], [PAYMENT]),
    "neither calls it a payment": ([outflow(), credit(kind=Kind.REFUND)], []),
    "a refund is not a payment": ([outflow(kind=Kind.CARD_PAYMENT), credit(is_refund=True)], []),
    "a PIX to a person pays no bill": ([outflow(is_other_person=True), credit()], []),
    "a company is paid": ([outflow(is_other_party=True), credit()], [("card_payment", "suggested", "same amount")]),
    "two debits may have paid": ([outflow(), candidate("-100", OTHER_BANK), credit()], [SUGGESTED_PAYMENT] * 2),
    "two credits for one debit": ([outflow(), credit(), credit(days=1)], [PAYMENT, DUPLICATE]),
    "two credits without a debit": ([credit(), credit(days=9)], [DUPLICATE]),
    "two debits and two credits": (
        [outflow(days=-5), credit(days=-5), outflow(days=5), credit(days=5)], [PAYMENT] * 2,
    ),
    "one credit in each cycle": ([credit(), credit(days=9, cycle=date(2026, 12, 1))], []),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_evidence_decides_about_a_match(case: str) -> None:
    candidates, expected = CASES[case]
    assert detected(*candidates) == expected
    assert sorted(detected(*reversed(candidates))) == sorted(expected)


def test_rejected_pairs_are_not_suggested_again() -> None:
    sent, received = outflow(**OWN), inflow()
    rejected_transfer = MatchReviews(frozenset({("transfer", sent.id, received.id)}))
    assert detected(sent, received, decided=rejected_transfer) == []
    first, second = credit(), credit(days=2)
    rejected_duplicate = MatchReviews(frozenset({("duplicate", second.id, first.id)}))
    assert detected(first, second, decided=rejected_duplicate) == []


def test_transaction_in_a_confirmed_match_is_in_no_other() -> None:
    sent, received, confirmed = outflow(**OWN), inflow(), inflow()
    decided = MatchReviews(confirmed_ids=frozenset({confirmed.id}))
    assert detected(sent, received, confirmed, decided=decided) == [TRANSFER]


@st.composite
def candidate_lists(draw: Any) -> list[Candidate]:
    """A few transactions of few amounts on few days, so that some fit each other."""
    drawn = st.lists(
        st.tuples(
            st.sampled_from([BANK, OTHER_BANK, CARD]), st.sampled_from(["-5", "5", "-7", "7"]),
            st.integers(-6, 6), st.sampled_from(["", "own document"]), st.booleans(),
            st.sampled_from([Kind.EXPENSE, Kind.INCOME, Kind.CARD_PAYMENT]),
        ),
        max_size=14,
    )  # fmt: skip
    return [
        candidate(
            signed_amount, account, days=days, own_evidence=evidence, is_other_party=is_other, kind=kind
        )
        for account, signed_amount, days, evidence, is_other, kind in draw(drawn)
    ]


@given(candidate_lists(), st.randoms())
def test_detection_does_not_depend_on_the_order(candidates: list[Candidate], random: Random) -> None:
    shuffled = [*candidates]
    random.shuffle(shuffled)
    assert set(find_matches(candidates, MatchReviews())) == set(find_matches(shuffled, MatchReviews()))


@given(candidate_lists())
def test_no_transaction_is_in_two_automatic_matches(candidates: list[Candidate]) -> None:
    matches = find_matches(candidates, MatchReviews())
    automatic = [match for match in matches if match.state == TransactionMatch.State.AUTOMATIC]
    for kind in TransactionMatch.Kind:
        of_kind = [match for match in automatic if match.kind == kind]
        used = Counter(side.id for match in of_kind for side in (match.outflow, match.inflow))
        assert all(count == 1 for count in used.values())
    for match in automatic:
        assert match.outflow.signed_amount == -match.inflow.signed_amount
        assert match.kind != TransactionMatch.Kind.TRANSFER or not (
            match.outflow.is_other_party or match.inflow.is_other_party
        )


PURCHASE: dict[str, Any] = {"shop": "loja", "days": -9}


def purchase(signed_amount: str = "-100", **more: Any) -> Candidate:
    return candidate(signed_amount, CARD, **(PURCHASE | more))


REFUND: dict[str, Any] = {"kind": Kind.REFUND, "shop": "loja"}
WORDS = frozenset({"loja", "varal"})
REFUNDS: dict[str, tuple[Candidate, list[Candidate], str]] = {
    "the whole amount": (credit(**REFUND), [purchase(), purchase("-300")], "refunded"),
    "less than the amount": (credit(**REFUND), [purchase("-300")], "refunded in part"),
    "two purchases of the amount": (credit(**REFUND), [purchase(), purchase(days=-3)], ""),
    "two larger purchases": (credit(**REFUND), [purchase("-200"), purchase("-300")], ""),
    "another shop": (credit(**REFUND), [purchase(shop="outra")], ""),
    "the same words": (credit(**REFUND | {"shop": "", "words": WORDS}), [purchase(words=WORDS)], "refunded"),
    "other words": (credit(**REFUND | {"shop": "", "words": WORDS}), [purchase(words=frozenset({"x"}))], ""),
    "no words": (credit(**REFUND | {"shop": ""}), [purchase(shop="")], ""),
}


@pytest.mark.parametrize("case", REFUNDS)
def test_refund_is_matched_with_its_purchase(case: str) -> None:
    refund, purchases, evidence = REFUNDS[case]
    pairs = [(refund.id, bought.id) for bought in purchases]
    by_id = {bought.id: bought for bought in purchases}
    matches = list(find_refunds({refund.id: refund}, by_id, pairs, MatchReviews()))
    assert [match.evidence for match in matches] == ([evidence] if evidence else [])


def test_purchase_is_not_refunded_beyond_its_amount() -> None:
    first, second, bought = credit("60", **REFUND), credit("60", days=1, **REFUND), purchase()
    refunds = {refund.id: refund for refund in (second, first)}
    pairs = [(refund.id, bought.id) for refund in (first, second)]
    matches = find_refunds(refunds, {bought.id: bought}, pairs, MatchReviews())
    assert [match.inflow for match in matches] == [first]


# --- With the local Pluggy ---------------------------------------------------------------------------------


@pytest.fixture
def two_banks(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item], categories: None
) -> tuple[Item, Item]:
    """Alice's accounts at two banks, with all their transactions."""
    return connect(alice), connect(alice, connector=9003)


def matches_of_kind(kind: TransactionMatch.Kind) -> TransactionMatchQuerySet:
    return TransactionMatch.objects.filter(kind=kind).select_related("outflow__account", "inflow__account")


def check_totals_and_kinds() -> None:
    assert monthly_totals.differences() == []
    transfers = TransactionMatch.objects.active().filter(kind=TransactionMatch.Kind.TRANSFER)
    for match in transfers.select_related("outflow", "inflow"):
        assert {match.outflow.kind, match.inflow.kind} == {Kind.TRANSFER}


def suggested_match(
    alice: User, pluggy: LocalPluggy, banks: tuple[Item, Item], amount: str = "123.45"
) -> TransactionMatch:
    """Return a match of an outflow of one bank and an inflow of the other, without evidence of the owner."""
    for item, sign in zip(banks, ("-", ""), strict=True):
        pluggy.add_transaction(
            str(item.id), description="TRANSFERENCIA", amount=sign + amount, silent=True,
            categoryId="05000000", date=str(timezone.localdate()),
        )  # fmt: skip
        mark_changed(item)
        run_sync(item)
    return TransactionMatch.objects.get(
        state=TransactionMatch.State.SUGGESTED, outflow__signed_amount=-Decimal(amount)
    )


@pytest.mark.django_db
def test_transactions_of_two_banks_are_matched(two_banks: tuple[Item, Item]) -> None:
    check_totals_and_kinds()
    transfers = matches_of_kind(TransactionMatch.Kind.TRANSFER).active()
    assert transfers.count() > 5
    assert {match.evidence for match in transfers} == {"own document"}
    for match in transfers:
        outflow_account, inflow_account = match.outflow.account, match.inflow.account
        if outflow_account.subtype == inflow_account.subtype:
            assert outflow_account.item_id != inflow_account.item_id
    assert matches_of_kind(TransactionMatch.Kind.CARD_PAYMENT).active().count() > 3
    assert matches_of_kind(TransactionMatch.Kind.REFUND).active().count() > 3
    for match in matches_of_kind(TransactionMatch.Kind.REFUND):
        assert match.inflow.kind == Kind.REFUND
        assert match.outflow.local_date <= match.inflow.local_date


@pytest.mark.django_db
def test_dinner_that_a_friend_pays_back_stays_an_expense(two_banks: tuple[Item, Item]) -> None:
    dinners = Transaction.objects.filter(description="RESTAURANTE TEMPERO MINEIRO")
    assert dinners.count() > 2
    assert set(dinners.values_list("kind", flat=True)) == {Kind.EXPENSE}
    assert not TransactionMatch.objects.filter(outflow__in=dinners).exists()


@pytest.mark.django_db
def test_another_sync_changes_no_match(two_banks: tuple[Item, Item]) -> None:
    before = set(TransactionMatch.objects.values_list("id", "state", "outflow", "inflow"))
    for item in two_banks:
        mark_changed(item)
        run_sync(item)
    assert set(TransactionMatch.objects.values_list("id", "state", "outflow", "inflow")) == before


@pytest.mark.django_db
def test_confirmed_transfer_is_neither_spending_nor_income(
    alice: User, pluggy: LocalPluggy, two_banks: tuple[Item, Item]
) -> None:
    match = suggested_match(alice, pluggy, two_banks)
    assert {match.outflow.kind, match.inflow.kind} == {Kind.EXPENSE, Kind.INCOME}
    assert reviews.confirm(match, now=timezone.now())
    check_totals_and_kinds()
    sides = Transaction.objects.filter(id__in=(match.outflow_id, match.inflow_id))
    assert set(sides.values_list("kind", "kind_reason")) == {(Kind.TRANSFER, "matched")}
    assert reviews.reject(TransactionMatch.objects.get(id=match.id), now=timezone.now())
    assert set(sides.values_list("kind", flat=True)) == {Kind.EXPENSE, Kind.INCOME}
    check_totals_and_kinds()


@pytest.mark.django_db
def test_rejection_stays_when_the_transactions_are_read_again(
    alice: User, pluggy: LocalPluggy, two_banks: tuple[Item, Item]
) -> None:
    match = suggested_match(alice, pluggy, two_banks)
    assert reviews.reject(match, now=timezone.now())
    for side, item in ((match.outflow, two_banks[0]), (match.inflow, two_banks[1])):
        pluggy.control(
            "PATCH", f"/transactions/{side.id}", description="TRANSFERENCIA ENTRE CONTAS", silent=True
        )
        mark_changed(item, kind="updated", account_id=side.account_id, transaction_ids=[side.id])
        run_sync(item)
    match.refresh_from_db()
    assert match.state == TransactionMatch.State.REJECTED
    assert not TransactionMatch.objects.suggested().filter(outflow=match.outflow).exists()
    check_totals_and_kinds()


@pytest.mark.django_db
@pytest.mark.parametrize("event", ["deleted", "updated"])
def test_automatic_match_is_removed_when_a_side_is_deleted_or_updated(
    pluggy: LocalPluggy, two_banks: tuple[Item, Item], event: str
) -> None:
    own = {"categoryId": "04020000", "description": "PIX ENTRE CONTAS", "silent": True}
    pluggy.add_transaction(str(two_banks[0].id), amount="-77.31", **own)
    pluggy.add_transaction(str(two_banks[1].id), amount="77.31", **own | {"categoryId": "05000000"})
    for item in two_banks:
        mark_changed(item)
        run_sync(item)
    match = TransactionMatch.objects.get(outflow__signed_amount=Decimal("-77.31"))
    assert (match.state, match.evidence, match.inflow.kind) == ("automatic", "own category", Kind.TRANSFER)
    if event == "deleted":
        pluggy.control("DELETE", f"/transactions/{match.outflow_id}", silent=True)
    else:
        pluggy.control("PATCH", f"/transactions/{match.outflow_id}", amount=-78, silent=True)
    mark_changed(
        two_banks[0],
        kind=event,
        account_id=match.outflow.account_id,
        transaction_ids=[match.outflow_id],
    )
    run_sync(two_banks[0])
    assert not TransactionMatch.objects.filter(id=match.id).exists()
    assert Transaction.objects.get(id=match.inflow_id).kind == Kind.INCOME
    check_totals_and_kinds()


@pytest.mark.django_db
def test_suggested_match_does_not_change_the_users_override(
    alice: User, pluggy: LocalPluggy, two_banks: tuple[Item, Item]
) -> None:
    match = suggested_match(alice, pluggy, two_banks)
    save_edits(match.outflow, TransactionEdits(Override(kind=Kind.EXPENSE)))
    assert Transaction.objects.get(id=match.outflow_id).kind == Kind.EXPENSE


@pytest.mark.django_db
def test_duplicate_payment_is_suggested_and_neutral_when_confirmed(
    pluggy: LocalPluggy, two_banks: tuple[Item, Item]
) -> None:
    fields = {"categoryId": "05100000", "silent": True, "operationType": "PAGAMENTO_FATURA"}
    item = two_banks[0]
    pluggy.add_transaction(str(item.id), description="PAGAMENTO FATURA", amount="-431.07", **fields)
    for text in ("PAGAMENTO RECEBIDO", "Pagamento recebido"):
        pluggy.add_transaction(
            str(item.id), description=text, amount="431.07", accountType="CREDIT_CARD", **fields
        )
    mark_changed(item)
    run_sync(item)
    duplicate = TransactionMatch.objects.get(
        kind=TransactionMatch.Kind.DUPLICATE, inflow__signed_amount=Decimal("431.07")
    )
    payment = TransactionMatch.objects.get(
        kind=TransactionMatch.Kind.CARD_PAYMENT, outflow__signed_amount=Decimal("-431.07")
    )
    assert payment.inflow_id == duplicate.outflow_id
    assert reviews.confirm(duplicate, now=timezone.now())
    second = Transaction.objects.get(id=duplicate.inflow_id)
    assert (second.kind, second.kind_reason) == (Kind.NEUTRAL, "duplicate")
    check_totals_and_kinds()


@pytest.mark.django_db
def test_refund_takes_the_category_that_the_user_gives_its_purchase(two_banks: tuple[Item, Item]) -> None:
    refunds = matches_of_kind(TransactionMatch.Kind.REFUND)
    match = refunds.filter(outflow__category=refunds[0].inflow.category_id).first()
    assert match is not None
    Transaction.objects.filter(id=match.inflow_id).update(bank_category_id="99999999")
    bought = Transaction.objects.select_related("account__item__connector").get(id=match.outflow_id)
    save_edits(bought, TransactionEdits(Override("11020000")))
    assert Transaction.objects.get(id=match.inflow_id).category_id == "11020000"
    check_totals_and_kinds()


@pytest.mark.django_db
def test_run_after_a_crash_matches_the_dates_of_the_crashed_run(
    pluggy: LocalPluggy, two_banks: tuple[Item, Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"categoryId": "04020000", "description": "PIX ENTRE CONTAS", "silent": True}
    for item, amount in zip(two_banks, ("-66.13", "66.13"), strict=True):
        pluggy.add_transaction(str(item.id), amount=amount, **own)
        mark_changed(item)

    class Killed(BaseException):
        pass

    def crash(*args: Any, **options: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("banking.ledger.matching.update_matches", crash)
        for item in two_banks:
            with pytest.raises(Killed):
                run_sync(item)
    assert not TransactionMatch.objects.filter(outflow__signed_amount=Decimal("-66.13")).exists()
    run_sync(two_banks[0], after=timedelta(hours=1))
    assert TransactionMatch.objects.filter(outflow__signed_amount=Decimal("-66.13")).exists()


@pytest.mark.django_db
def test_matches_are_removed_when_the_other_bank_is_disconnected(
    pluggy: LocalPluggy, two_banks: tuple[Item, Item]
) -> None:
    kept, disconnected = two_banks
    matches = TransactionMatch.objects.active()
    across = matches.filter(outflow__account__item=kept, inflow__account__item=disconnected)
    outflow_ids = list(across.values_list("outflow", flat=True))
    assert outflow_ids
    disconnection.disconnect(disconnected, client=our_client(), now=timezone.now())
    assert not TransactionMatch.objects.filter(outflow__in=outflow_ids).exists()
    outflows = Transaction.objects.filter(id__in=outflow_ids)
    assert "matched" not in set(outflows.values_list("kind_reason", flat=True))
    check_totals_and_kinds()


@pytest.mark.django_db
def test_run_without_changes_makes_one_query_about_matches(two_banks: tuple[Item, Item]) -> None:
    mark_changed(two_banks[0])
    with CaptureQueriesContext(connection) as queries:
        run_sync(two_banks[0])
    statements = [query["sql"] for query in queries]
    assert sum("unmatched_from" in sql and sql.startswith("SELECT 1") for sql in statements) == 1
    assert not any("repeated" in sql or "AS refund" in sql for sql in statements)  # no detection


@pytest.mark.django_db
def test_transactions_of_two_users_are_never_matched(
    alice: User, bob: User, pluggy: LocalPluggy, connect: Callable[..., Item], categories: None
) -> None:
    connect(alice)
    connect(bob, connector=9003)
    for match in TransactionMatch.objects.select_related("outflow", "inflow"):
        assert match.outflow.user_id == match.inflow.user_id
    assert Account.objects.of(alice).exclude(owner_hash="").exists()


@pytest.mark.django_db(transaction=True)
def test_two_runs_and_reviews_at_once_wait_for_each_other_and_finish(
    alice: User, pluggy: LocalPluggy, two_banks: tuple[Item, Item]
) -> None:
    match = suggested_match(alice, pluggy, two_banks)
    for item, sign in zip(two_banks, ("-", ""), strict=True):
        pluggy.add_transaction(
            str(item.id),
            description="PIX ENTRE CONTAS",
            amount=sign + "55.17",
            categoryId="04020000",
            silent=True,
        )
        mark_changed(item)

    def review() -> None:
        for store in (reviews.confirm, reviews.reject) * 5:
            stored = TransactionMatch.objects.select_related("outflow", "inflow").get(id=match.id)
            assert store(stored, now=timezone.now())

    def work(job: Any, *arguments: Any) -> Any:
        try:
            return job(*arguments)
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(work, run_sync, item) for item in two_banks] + [pool.submit(work, review)]
    assert [job.result().outcome for job in jobs[:2]] == ["succeeded"] * 2
    jobs[2].result()
    transfer = TransactionMatch.objects.get(outflow__signed_amount=Decimal("-55.17"))
    assert transfer.state == TransactionMatch.State.AUTOMATIC
    assert TransactionMatch.objects.get(id=match.id).state == TransactionMatch.State.REJECTED
    check_totals_and_kinds()
