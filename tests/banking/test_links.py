"""Rows that belong together: transfers, payments of cards, doubled payments and refunds."""

import itertools
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from banking import rollups
from banking.actions import connections
from banking.actions import links as actions
from banking.actions.transactions import say
from banking.application import pluggy as our_client
from banking.classify import Word
from banking.links.judge import Answers, judge, refunds
from banking.links.legs import Leg
from banking.models import Account, Item, Kind, Link, Transaction
from banking.models.links import LinkQuerySet
from banking.upsert.words import Said
from tests.localpluggy import LocalPluggy
from tests.syncing import changed, run

DAY = date(2026, 11, 12)
BANK, OTHER_BANK, CARD = (uuid.UUID(int=number) for number in (1, 2, 3))
IDS = itertools.count(100)


def leg(flow: str, account: UUID = BANK, *, days: int = 0, **more: Any) -> Leg:
    value = Decimal(flow)
    kind = more.pop("kind", Kind.EXPENSE if value < 0 else Kind.INCOME)
    defaults = {"item_id": account, "cycle": DAY.replace(day=1), "currency": "BRL"}
    return Leg(
        id=uuid.UUID(int=next(IDS)), account_id=account, is_card=account == CARD, flow=value,
        day=DAY + timedelta(days=days), kind=kind, **(defaults | more),
    )  # fmt: skip


def out(flow: str = "-100", **more: Any) -> Leg:
    return leg(flow, BANK, **more)


def into(flow: str = "100", **more: Any) -> Leg:
    return leg(flow, OTHER_BANK, **more)


def credit(flow: str = "100", **more: Any) -> Leg:
    return leg(flow, CARD, **({"kind": Kind.CARD_PAYMENT, "moves": False} | more))


def said(*legs: Leg, answers: Answers | None = None) -> list[tuple[str, str, str]]:
    return [(one.kind, one.state, one.evidence) for one in judge(legs, answers or Answers())]


OWN, SAME_BANK = {"own": "own document"}, {"operation": "TRANSFERENCIA_MESMA_INSTITUICAO", "item_id": BANK}
FOUND = ("transfer", "found", "own document")
ASKED = ("transfer", "suggested", "same amount")
PAID = ("card_payment", "found", "card payment")
DOUBT = ("card_payment", "suggested", "several fit")
DOUBLED = ("duplicate", "suggested", "same cycle")
CASES: dict[str, tuple[list[Leg], list[tuple[str, str, str]]]] = {
    "the sender says whose it is": ([out(**OWN), into()], [FOUND]),
    "the receiver says whose it is": ([out(), into(**OWN)], [FOUND]),
    "three days apart": ([out(**OWN), into(days=3)], [FOUND]),
    "it came before it went": ([out(**OWN), into(days=-2)], [FOUND]),
    "four days apart": ([out(**OWN), into(days=4)], []),
    "another value": ([out(**OWN), into("100.01")], []),
    "another currency": ([out(**OWN), into(currency="USD")], []),
    "the same account": ([out(**OWN), leg("100")], []),
    "both the same way": ([out(**OWN), leg("-100", OTHER_BANK)], []),
    "only the amount": ([out(), into()], [ASKED]),
    "a friend pays back": ([out(**OWN), into(is_anothers=True)], []),
    "to a friend": ([out(is_anothers=True), into()], []),
    "a purchase": ([out(moves=False), into(**OWN)], []),
    "one bank says so of both": (
        [out(**SAME_BANK), into(**SAME_BANK)],
        [("transfer", "found", "own operation")],
    ),
    "one bank says so of one": ([out(**SAME_BANK), into(item_id=BANK)], [ASKED]),
    "two came": ([out(**OWN), into(), into(days=1)], [("transfer", "suggested", "several fit")] * 2),
    "too many came": ([out(), *(into() for _ in range(4))], []),
    "nothing would change": (
        [out(kind=Kind.TRANSFER, **OWN), *(into(kind=Kind.TRANSFER) for _ in range(2))],
        [],
    ),
    "the person has spoken": ([out(is_said=True), into()], []),
    "the card says that it is paid": ([out(), credit()], [PAID]),
    "the bank says that it pays": ([out(kind=Kind.CARD_PAYMENT), credit(kind=Kind.REFUND)], [PAID]),
    "neither says so": ([out(), credit(kind=Kind.REFUND)], []),
    "a refund is no payment": ([out(kind=Kind.CARD_PAYMENT), credit(is_refund=True)], []),
    "a PIX to a friend pays no bill": ([out(is_persons=True), credit()], []),
    "a firm is paid": ([out(is_anothers=True), credit()], [PAID]),
    "two might have paid": ([out(), leg("-100", OTHER_BANK), credit()], [DOUBT] * 2),
    "the card says it twice": ([out(), credit(), credit(days=1)], [PAID, DOUBLED]),
    "twice, the paying bank is unknown": ([credit(), credit(days=9)], [DOUBLED]),
    "paid twice, truly": ([out(days=-5), credit(days=-5), out(days=5), credit(days=5)], [PAID] * 2),
    "once in each cycle": ([credit(), credit(days=9, cycle=date(2026, 12, 1))], []),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_evidence_decides(case: str) -> None:
    legs, verdicts = CASES[case]
    assert said(*legs) == verdicts
    assert sorted(said(*reversed(legs))) == sorted(verdicts)


def test_pairs_that_the_person_parted_are_not_asked_again() -> None:
    one, other = out(**OWN), into()
    assert said(one, other, answers=Answers(frozenset({("transfer", one.id, other.id)}))) == []
    first, second = credit(), credit(days=2)
    assert said(first, second, answers=Answers(frozenset({("duplicate", second.id, first.id)}))) == []


def test_a_row_that_has_its_other_half_is_nobody_elses() -> None:
    one, other, third = out(**OWN), into(), into()
    assert said(one, other, third, answers=Answers(taken=frozenset({third.id}))) == [FOUND]


@st.composite
def lives(draw: Any) -> list[Leg]:
    """A few rows of few values on few days, so that they meet."""
    drawn = st.lists(
        st.tuples(
            st.sampled_from([BANK, OTHER_BANK, CARD]), st.sampled_from(["-5", "5", "-7", "7"]),
            st.integers(-6, 6), st.sampled_from(["", "own document"]), st.booleans(),
            st.sampled_from([Kind.EXPENSE, Kind.INCOME, Kind.CARD_PAYMENT]),
        ),
        max_size=14,
    )  # fmt: skip
    return [
        leg(flow, account, days=days, own=own, is_anothers=theirs, kind=kind)
        for account, flow, days, own, theirs, kind in draw(drawn)
    ]


@given(lives(), st.randoms())
def test_it_judges_alike_whatever_came_first(legs: list[Leg], dice: Any) -> None:
    shuffled = [*legs]
    dice.shuffle(shuffled)
    assert set(judge(legs, Answers())) == set(judge(shuffled, Answers()))


@given(lives())
def test_no_row_is_in_two_links_that_count(legs: list[Leg]) -> None:
    found = [one for one in judge(legs, Answers()) if one.state == Link.State.FOUND]
    for kind in Link.Kind:
        used = Counter(side.id for one in found if one.kind == kind for side in (one.out, one.into))
        assert all(count == 1 for count in used.values())
    by_id = {leg.id: leg for leg in legs}
    for one in found:
        assert by_id[one.out.id].flow == -by_id[one.into.id].flow
        assert one.kind != Link.Kind.TRANSFER or not (one.out.is_anothers or one.into.is_anothers)


def bought(flow: str = "-100", **more: Any) -> Leg:
    return leg(flow, CARD, **({"shop": "loja", "days": -9} | more))


BACK = {"kind": Kind.REFUND, "shop": "loja"}
LOJA = frozenset({"loja", "varal"})
REFUNDS: dict[str, tuple[Leg, list[Leg], str]] = {
    "all of it": (credit(**BACK), [bought(), bought("-300")], "given back"),
    "a part of it": (credit(**BACK), [bought("-300")], "given back in part"),
    "two purchases fit": (credit(**BACK), [bought(), bought(days=-3)], ""),
    "two larger ones fit": (credit(**BACK), [bought("-200"), bought("-300")], ""),
    "another shop": (credit(**BACK), [bought(shop="outra")], ""),
    "by its words": (credit(**BACK | {"shop": "", "words": LOJA}), [bought(words=LOJA)], "given back"),
    "by other words": (credit(**BACK | {"shop": "", "words": LOJA}), [bought(words=frozenset({"x"}))], ""),
    "without any word": (credit(**BACK | {"shop": ""}), [bought(shop="")], ""),
}


@pytest.mark.parametrize("case", REFUNDS)
def test_a_refund_finds_its_purchase(case: str) -> None:
    back, purchases, evidence = REFUNDS[case]
    fits = [(back.id, one.id) for one in purchases]
    found = list(refunds({back.id: back}, {one.id: one for one in purchases}, fits, Answers()))
    assert [one.evidence for one in found] == ([evidence] if evidence else [])


def test_what_was_given_back_is_given_back_once() -> None:
    first, second, purchase = credit("60", **BACK), credit("60", days=1, **BACK), bought()
    fits = [(one.id, purchase.id) for one in (first, second)]
    backs = {one.id: one for one in (second, first)}
    assert [one.into for one in refunds(backs, {purchase.id: purchase}, fits, Answers())] == [first]


# --- With banks ----------------------------------------------------------------------------------------


@pytest.fixture
def two_banks(alice: User, pluggy: LocalPluggy, connect: Any, categories: None) -> tuple[Item, Item]:
    """Alice's accounts at two banks, with the whole life that both tell."""
    return connect(alice), connect(alice, connector=9003)


def links(kind: Link.Kind) -> LinkQuerySet:
    return Link.objects.filter(kind=kind).select_related("out__account", "into__account")


def is_right() -> None:
    assert rollups.differences() == []
    for link in Link.objects.in_force().select_related("out", "into"):
        assert link.kind != Link.Kind.TRANSFER or {link.out.kind, link.into.kind} == {Kind.TRANSFER}


def asked_link(alice: User, pluggy: LocalPluggy, banks: tuple[Item, Item], amount: str = "123.45") -> Link:
    """Money out of one bank and into the other, of which nobody says whose it is."""
    for item, sign in zip(banks, ("-", ""), strict=True):
        pluggy.spend(
            str(item.id), description="TRANSFERENCIA", amount=sign + amount, silent=True,
            categoryId="05000000", date=str(timezone.localdate()),
        )  # fmt: skip
        changed(item)
        run(item)
    return Link.objects.get(state=Link.State.SUGGESTED, out__flow=-Decimal(amount))


@pytest.mark.django_db
def test_a_life_at_two_banks_is_linked(two_banks: tuple[Item, Item]) -> None:
    is_right()
    transfers = links(Link.Kind.TRANSFER).in_force()
    assert transfers.count() > 5
    assert {link.evidence for link in transfers} == {"own document"}
    assert all(link.out.account.item_id != link.into.account.item_id for link in transfers if
               link.out.account.subtype == link.into.account.subtype)  # fmt: skip
    assert links(Link.Kind.CARD_PAYMENT).in_force().count() > 3
    assert links(Link.Kind.REFUND).in_force().count() > 3
    for link in links(Link.Kind.REFUND):
        assert link.into.kind == Kind.REFUND
        assert link.out.local_date <= link.into.local_date


@pytest.mark.django_db
def test_the_dinner_stays_although_a_friend_pays_it_back(two_banks: tuple[Item, Item]) -> None:
    dinners = Transaction.objects.filter(description="RESTAURANTE TEMPERO MINEIRO")
    assert dinners.count() > 2
    assert set(dinners.values_list("kind", flat=True)) == {Kind.EXPENSE}
    assert not Link.objects.filter(out__in=dinners).exists()


@pytest.mark.django_db
def test_reading_it_again_changes_nothing(two_banks: tuple[Item, Item]) -> None:
    before = set(Link.objects.values_list("id", "state", "out", "into"))
    for item in two_banks:
        changed(item)
        run(item)
    assert set(Link.objects.values_list("id", "state", "out", "into")) == before


@pytest.mark.django_db
def test_a_confirmed_pair_no_longer_counts(
    alice: User, pluggy: LocalPluggy, two_banks: tuple[Item, Item]
) -> None:
    link = asked_link(alice, pluggy, two_banks)
    assert {link.out.kind, link.into.kind} == {Kind.EXPENSE, Kind.INCOME}
    assert actions.confirm(link, now=timezone.now())
    is_right()
    legs = Transaction.objects.filter(id__in=(link.out_id, link.into_id))
    assert set(legs.values_list("kind", "kind_reason")) == {(Kind.TRANSFER, "linked")}
    assert actions.reject(Link.objects.get(id=link.id), now=timezone.now())
    assert set(legs.values_list("kind", flat=True)) == {Kind.EXPENSE, Kind.INCOME}
    is_right()


@pytest.mark.django_db
def test_a_rejection_stays_when_the_rows_are_read_again(
    alice: User, pluggy: LocalPluggy, two_banks: tuple[Item, Item]
) -> None:
    link = asked_link(alice, pluggy, two_banks)
    assert actions.reject(link, now=timezone.now())
    for row, item in ((link.out, two_banks[0]), (link.into, two_banks[1])):
        pluggy.control(
            "PATCH", f"/transactions/{row.id}", description="TRANSFERENCIA ENTRE CONTAS", silent=True
        )
        changed(item, kind="updated", account_id=row.account_id, transaction_ids=[row.id])
        run(item)
    link.refresh_from_db()
    assert link.state == Link.State.REJECTED
    assert not Link.objects.suggested().filter(out=link.out).exists()
    is_right()


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["deleted", "changed"])
def test_a_found_link_goes_when_it_no_longer_holds(
    pluggy: LocalPluggy, two_banks: tuple[Item, Item], what: str
) -> None:
    own = {"categoryId": "04020000", "description": "PIX ENTRE CONTAS", "silent": True}
    pluggy.spend(str(two_banks[0].id), amount="-77.31", **own)
    pluggy.spend(str(two_banks[1].id), amount="77.31", **own | {"categoryId": "05000000"})
    for item in two_banks:
        changed(item)
        run(item)
    link = Link.objects.get(out__flow=Decimal("-77.31"))
    assert (link.state, link.evidence, link.into.kind) == ("found", "own category", Kind.TRANSFER)
    if what == "deleted":
        pluggy.control("DELETE", f"/transactions/{link.out_id}", silent=True)
    else:
        pluggy.control("PATCH", f"/transactions/{link.out_id}", amount=-78, silent=True)
    changed(two_banks[0], kind=what.replace("changed", "updated"), account_id=link.out.account_id,
            transaction_ids=[link.out_id])  # fmt: skip
    run(two_banks[0])
    assert not Link.objects.filter(id=link.id).exists()
    assert Transaction.objects.get(id=link.into_id).kind == Kind.INCOME
    is_right()


@pytest.mark.django_db
def test_a_question_leaves_the_persons_word_alone(
    alice: User, pluggy: LocalPluggy, two_banks: tuple[Item, Item]
) -> None:
    link = asked_link(alice, pluggy, two_banks)
    say(link.out, Said(Word(kind=Kind.EXPENSE)))
    assert Transaction.objects.get(id=link.out_id).kind == Kind.EXPENSE


@pytest.mark.django_db
def test_a_doubled_payment_is_asked_about_and_hidden_when_confirmed(
    pluggy: LocalPluggy, two_banks: tuple[Item, Item]
) -> None:
    paid = {"categoryId": "05100000", "silent": True, "operationType": "PAGAMENTO_FATURA"}
    item = two_banks[0]
    pluggy.spend(str(item.id), description="PAGAMENTO FATURA", amount="-431.07", **paid)
    for text in ("PAGAMENTO RECEBIDO", "Pagamento recebido"):
        pluggy.spend(str(item.id), description=text, amount="431.07", accountType="CREDIT_CARD", **paid)
    changed(item)
    run(item)
    doubled = Link.objects.get(kind=Link.Kind.DUPLICATE, into__flow=Decimal("431.07"))
    assert (
        Link.objects.get(kind=Link.Kind.CARD_PAYMENT, out__flow=Decimal("-431.07")).into_id == doubled.out_id
    )
    assert actions.confirm(doubled, now=timezone.now())
    second = Transaction.objects.get(id=doubled.into_id)
    assert (second.kind, second.kind_reason) == (Kind.NEUTRAL, "doubled")
    is_right()


@pytest.mark.django_db
def test_a_refund_takes_the_category_that_its_purchase_is_given(two_banks: tuple[Item, Item]) -> None:
    link = links(Link.Kind.REFUND).filter(out__category=links(Link.Kind.REFUND)[0].into.category_id).first()
    assert link is not None
    Transaction.objects.filter(id=link.into_id).update(bank_category_id="99999999")
    say(Transaction.objects.select_related("account__item__connector").get(id=link.out_id),
        Said(Word("11020000")))  # fmt: skip
    assert Transaction.objects.get(id=link.into_id).category_id == "11020000"
    is_right()


@pytest.mark.django_db
def test_a_run_that_died_leaves_its_days_to_the_next(
    pluggy: LocalPluggy, two_banks: tuple[Item, Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"categoryId": "04020000", "description": "PIX ENTRE CONTAS", "silent": True}
    for item, amount in zip(two_banks, ("-66.13", "66.13"), strict=True):
        pluggy.spend(str(item.id), amount=amount, **own)
        changed(item)

    class Killed(BaseException):
        pass

    def die(*args: Any, **options: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("banking.links.settle", die)
        for item in two_banks:
            with pytest.raises(Killed):
                run(item)
    assert not Link.objects.filter(out__flow=Decimal("-66.13")).exists()
    run(two_banks[0], after=timedelta(hours=1))
    assert Link.objects.filter(out__flow=Decimal("-66.13")).exists()


@pytest.mark.django_db
def test_rows_stand_alone_again_when_the_other_bank_is_disconnected(
    pluggy: LocalPluggy, two_banks: tuple[Item, Item]
) -> None:
    kept, left = two_banks
    across = Link.objects.in_force().filter(out__account__item=kept, into__account__item=left)
    legs = list(across.values_list("out", flat=True))
    assert legs
    connections.disconnect(left, client=our_client(), now=timezone.now())
    assert not Link.objects.filter(out__in=legs).exists()
    assert "linked" not in set(Transaction.objects.filter(id__in=legs).values_list("kind_reason", flat=True))
    is_right()


@pytest.mark.django_db
def test_a_run_that_brings_nothing_asks_one_question_about_links(two_banks: tuple[Item, Item]) -> None:
    changed(two_banks[0])
    with CaptureQueriesContext(
        connection,
    ) as queries:
        run(two_banks[0])
    assert sum("unlinked_from" in one["sql"] and one["sql"].startswith("SELECT 1") for one in queries) == 1
    assert not any("banking_link" in one["sql"] and "twice" in one["sql"] for one in queries)


@pytest.mark.django_db
def test_two_peoples_rows_are_never_each_others(alice: User, bob: User, pluggy: LocalPluggy, connect: Any,
                                   categories: None) -> None:  # fmt: skip
    connect(alice)
    connect(bob, connector=9003)
    assert not any(
        link.out.user_id != link.into.user_id for link in Link.objects.select_related("out", "into")
    )
    assert Account.objects.of(alice).exclude(owner_hash="").exists()


@pytest.mark.django_db(transaction=True)
def test_two_runs_and_the_person_at_once_wait_for_each_other_and_end(
    alice: User, pluggy: LocalPluggy, two_banks: tuple[Item, Item]
) -> None:
    link = asked_link(alice, pluggy, two_banks)
    for item, sign in zip(two_banks, ("-", ""), strict=True):
        pluggy.spend(
            str(item.id),
            description="PIX ENTRE CONTAS",
            amount=sign + "55.17",
            categoryId="04020000",
            silent=True,
        )
        changed(item)

    def answer() -> None:
        for say_so in (actions.confirm, actions.reject) * 5:
            assert say_so(Link.objects.select_related("out", "into").get(id=link.id), now=timezone.now())

    def work(job: Any, *arguments: Any) -> Any:
        try:
            return job(*arguments)
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(work, run, item) for item in two_banks] + [pool.submit(work, answer)]
    assert [job.result().outcome for job in jobs[:2]] == ["succeeded"] * 2
    jobs[2].result()
    assert Link.objects.get(out__flow=Decimal("-55.17")).state == Link.State.FOUND
    assert Link.objects.get(id=link.id).state == Link.State.REJECTED
    is_right()
