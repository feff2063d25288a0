"""manage.py reclassify: everything as a fresh look says, in batches, resumable, with a report."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from banking import rollups
from banking.actions import reclassification
from banking.models import Reclassification, Transaction
from tests.rows import an_account, store_rows, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

GROCERIES = "10000000"


@pytest.fixture
def wrong(alice: User, bob: User) -> None:
    """What rows would be by a definition that has changed since."""
    item = store_rows(alice, [{"amount": f"-{n}.00", "categoryId": GROCERIES} for n in range(1, 6)])
    write(
        an_account(item, name="Outra"),
        {"amount": "-100.50"},
        {"amount": "7.00", "date": "2025-01-05T00:00:00Z"},
    )
    store_rows(bob, [{"amount": "-9.00"}])
    Transaction.objects.update(kind="income", category="01000000")
    Transaction.objects.filter(amount=-5).update(kind_reason="?", kind="expense", category=GROCERIES)
    rollups.rebuild()


def reclassify(*words: str) -> str:
    told = StringIO()
    call_command("reclassify", *words, stdout=told)
    return told.getvalue()


def test_it_puts_everything_right_and_says_what_changed(wrong: None) -> None:
    told = reclassify()
    assert rollups.differences() == []
    assert not Transaction.objects.filter(kind_reason="?").exists()
    assert set(Transaction.objects.filter(amount__lt=0).values_list("kind", flat=True)) == {"expense"}
    lines = told.splitlines()
    assert lines[0] == "8 of 8 rows changed"
    assert lines[1].split("→")[0].split() == ["4", "BRL", "-10.00", "income,", "Income"]
    assert "1 in something else" in lines[-1]
    assert reclassify().splitlines() == ["0 of 8 rows changed"]


def test_one_person_or_the_rows_since_a_day(wrong: None, bob: User) -> None:
    assert reclassify("--user", "bob@example.com").startswith("1 of 1 rows")
    today = timezone.localdate().isoformat()
    assert reclassify("--user", "alice@example.com", "--from", today).startswith("6 of 6 rows")
    with pytest.raises(CommandError, match="no person"):
        reclassify("--user", "nobody@example.com")


@pytest.mark.parametrize("batches", [1, 2, 3, 4])
def test_interrupted_it_goes_on_and_counts_nothing_twice(
    wrong: None, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    monkeypatch.setattr("banking.actions.anew.BATCH", 2)
    whole = reclassification.go_on

    def interrupted(walk: Reclassification) -> Any:
        for number, done in enumerate(whole(walk), 1):
            yield done
            if number == batches:
                raise KeyboardInterrupt

    monkeypatch.setattr(reclassification, "go_on", interrupted)
    with pytest.raises(CommandError, match="interrupted after"):
        reclassify()
    monkeypatch.setattr(reclassification, "go_on", whole)
    told = reclassify()
    assert "going on behind" in told
    assert "8 of 8 rows changed" in told
    assert Reclassification.objects.get().finished_at is not None
    assert rollups.differences() == []


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_it_shows_how_far_it_is_where_somebody_looks_on(wrong: None) -> None:
    screen = Terminal()
    call_command("reclassify", stdout=screen)
    assert "100%  8 rows" in screen.getvalue()
