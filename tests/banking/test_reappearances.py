"""Rows that come back under another id: what the person said goes with them, if there is no doubt."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking import rollups
from banking.actions.transactions import say
from banking.classify import Word
from banking.models import HeldDeletion, Item, Kind, MonthTotal, Reappearance, Transaction
from banking.sync.lease import Lease
from banking.upsert.words import Said
from tests.localpluggy import LocalPluggy
from tests.syncing import changed, live, remote, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

SPOKEN = {"note": "presente", "hidden": True, "person_category_id": "11020000"}


def spend(pluggy: LocalPluggy, item: Item, **row: Any) -> UUID:
    body = {"description": "LIVRARIA AURORA", "amount": "-81.15", "silent": True}
    return UUID(pluggy.spend(str(item.id), **body | row)["id"])


def annotated(pluggy: LocalPluggy, item: Item, **row: Any) -> Transaction:
    """A row about which the person said everything that can be said."""
    row_id = spend(pluggy, item, **row)
    changed(item)
    run(item)
    found = Transaction.objects.get(id=row_id)
    say(found, Said(Word(SPOKEN["person_category_id"], hidden=True), note="presente"))
    return found


def take_away(pluggy: LocalPluggy, row_id: UUID) -> None:
    pluggy.control("DELETE", f"/transactions/{row_id}", silent=True)


def told(item: Item, row: Transaction | UUID, kind: str) -> None:
    row_id = row.id if isinstance(row, Transaction) else row
    account_id = item.accounts.get(subtype="CHECKING_ACCOUNT").id
    ids = [row_id] if kind != "created" else []
    changed(item, kind=kind, account_id=account_id, transaction_ids=ids)


def word_of(row_id: UUID) -> dict[str, Any]:
    return dict(Transaction.objects.values(*SPOKEN).get(id=row_id))


def is_right(pluggy: LocalPluggy, item: Item) -> None:
    assert live(item) == remote(pluggy, item)
    assert rollups.differences() == []


@pytest.mark.parametrize("events", list(itertools.permutations(["take", "make"])), ids=str)
@pytest.mark.parametrize("runs", [1, 2])
def test_the_word_moves_in_either_order_in_one_run_or_two(
    alice: User, pluggy: LocalPluggy, connect: Any, events: tuple[str, ...], runs: int
) -> None:
    """F-8, within the look-back window and long before it."""
    item = connect(alice)
    dates = [str(timezone.localdate() - timedelta(days=days)) for days in (0, 60)]
    old = [annotated(pluggy, item, date=date) for date in dates]
    for event in events:
        if event == "take":
            for row in old:
                take_away(pluggy, row.id)
                told(item, row, "deleted")
        else:
            name = "LIVRARIA AURORA SAO PAULO BRA"
            new = [spend(pluggy, item, date=date, description=name) for date in dates]
            told(item, new[0], "created")
        if runs == 2:
            run(item)
    run(item)
    assert [word_of(one) for one in new] == [SPOKEN, SPOKEN]
    assert set(Transaction.objects.filter(id__in=new).values_list("kind", flat=True)) == {Kind.NEUTRAL}
    assert set(Reappearance.objects.values_list("state", flat=True)) == {Reappearance.State.MOVED}
    is_right(pluggy, item)


def test_a_hidden_row_never_counts_while_it_changes_its_id(
    alice: User, pluggy: LocalPluggy, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-8: totals right at every commit. Both events are known, so one commit does both."""
    item = connect(alice)
    old = annotated(pluggy, item)
    spent = MonthTotal.objects.filter(kind=Kind.EXPENSE, basis="competence")
    before = sum(total.total for total in spent)
    take_away(pluggy, old.id)
    told(item, old, "deleted")
    told(item, spend(pluggy, item), "created")
    seen: list[Decimal] = []
    writing = Lease.writing

    @contextmanager
    def watched(lease: Lease, now: datetime) -> Iterator[None]:
        with writing(lease, now):
            yield
        seen.append(sum((total.total for total in spent.all()), Decimal(0)))

    monkeypatch.setattr(Lease, "writing", watched)
    run(item)
    assert len(seen) > 3
    assert set(seen) == {before}


def test_the_banks_own_number_is_enough(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    old = annotated(pluggy, item, raw={"providerId": "NSU-77"})
    take_away(pluggy, old.id)
    new = spend(pluggy, item, description="OUTRO NOME", amount="-82.00", raw={"providerId": "NSU-77"})
    told(item, old, "deleted")
    run(item)
    assert word_of(new) == SPOKEN


@pytest.mark.parametrize(
    "other", [{"amount": "-81.16"}, {"description": "POSTO ESTRELA"}, {"days_ago": 6}], ids=str
)
def test_another_row_is_another_row(
    alice: User, pluggy: LocalPluggy, connect: Any, other: dict[str, Any]
) -> None:
    item = connect(alice)
    old = annotated(pluggy, item)
    take_away(pluggy, old.id)
    other = dict(other)
    date = str(timezone.localdate() - timedelta(days=other.pop("days_ago", 0)))
    new = spend(pluggy, item, date=date, **other)
    told(item, old, "deleted")
    run(item)
    assert word_of(new)["note"] == ""
    assert not Reappearance.objects.exists()


def test_two_identical_coffees_stay_two(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    """F-9. They lived beside each other for days; then the bank took one back."""
    item = connect(alice)
    old = annotated(pluggy, item, description="CAFE")
    twin = spend(pluggy, item, description="CAFE")
    changed(item)
    run(item)
    take_away(pluggy, old.id)
    told(item, old, "deleted")
    assert run(item, after=timedelta(days=3)).rows_removed == 1
    assert word_of(twin)["note"] == ""
    assert not Reappearance.objects.exists()


def test_one_that_comes_days_later_is_offered(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    """It may be the same coffee as every week."""
    item = connect(alice)
    old = annotated(pluggy, item, description="CAFE")
    take_away(pluggy, old.id)
    told(item, old, "deleted")
    run(item)
    later = timedelta(days=3)
    at = (timezone.now() + later).isoformat().replace("+00:00", "Z")
    new = spend(pluggy, item, description="CAFE", raw={"createdAt": at, "updatedAt": at})
    changed(item)
    run(item, after=later)
    assert word_of(new)["note"] == ""
    assert Reappearance.objects.get().state == Reappearance.State.OFFERED


def ambiguous(pluggy: LocalPluggy, item: Item) -> tuple[Transaction, list[UUID]]:
    """Two coffees, one with a note, come back as two others."""
    old = annotated(pluggy, item, description="CAFE")
    twin = spend(pluggy, item, description="CAFE")
    changed(item)
    run(item)
    for one in (old.id, twin):
        take_away(pluggy, one)
        told(item, one, "deleted")
    new = [spend(pluggy, item, description="CAFE") for _ in range(2)]
    run(item)
    return old, new


def test_what_is_in_doubt_is_offered(
    alice: User, pluggy: LocalPluggy, connect: Any, as_alice: Client
) -> None:
    item = connect(alice)
    old, new = ambiguous(pluggy, item)
    assert [word_of(one)["note"] for one in new] == ["", ""]
    url = reverse("transaction", args=[new[0]])
    assert "presente" in as_alice.get(url).content.decode()
    answer = as_alice.post(reverse("reappearance", args=[new[0]]), {"gone": old.id, "answer": "same"})
    assert answer["Location"] == url
    assert word_of(new[0]) == SPOKEN
    assert word_of(new[1])["note"] == ""
    assert "presente" not in as_alice.get(reverse("transaction", args=[new[1]])).content.decode()
    is_right(pluggy, item)


def test_an_offer_can_be_declined(alice: User, pluggy: LocalPluggy, connect: Any, as_alice: Client) -> None:
    item = connect(alice)
    old, new = ambiguous(pluggy, item)
    as_alice.post(reverse("reappearance", args=[new[0]]), {"gone": old.id, "answer": "another"})
    assert "presente" not in as_alice.get(reverse("transaction", args=[new[0]])).content.decode()
    assert "presente" in as_alice.get(reverse("transaction", args=[new[1]])).content.decode()


def test_a_whole_bill_that_changes_its_ids_is_not_held(
    alice: User, pluggy: LocalPluggy, connect: Any
) -> None:
    """Each row has a new one in its place: nothing is lost, however many there are."""
    item = connect(alice)
    amounts = [f"-{number}.37" for number in range(10, 40)]
    old = [spend(pluggy, item, amount=amount) for amount in amounts]
    changed(item)
    run(item)
    for one in old:
        take_away(pluggy, one)
    told(item, old[0], "created")
    for amount in amounts:
        spend(pluggy, item, amount=amount)
    assert run(item).rows_removed == len(old)
    assert not HeldDeletion.objects.exists()
    is_right(pluggy, item)


def test_a_row_that_returns_with_its_own_id_has_its_word(
    alice: User, pluggy: LocalPluggy, connect: Any
) -> None:
    """F-7."""
    item = connect(alice)
    old = annotated(pluggy, item)
    body = pluggy.truth(str(item.id))["transactions"][str(old.account_id)]
    sent = next(row for row in body if row["id"] == str(old.id))
    take_away(pluggy, old.id)
    told(item, old, "deleted")
    run(item)
    assert str(old.id) not in live(item)
    again = spend(pluggy, item, raw={"id": sent["id"], "createdAt": timezone.now().isoformat()})
    changed(item)
    run(item)
    assert again == old.id or str(old.id) in live(item)
    assert word_of(old.id) == SPOKEN
    assert rollups.differences() == []
