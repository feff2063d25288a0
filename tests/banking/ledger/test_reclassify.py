"""manage.py reclassify: recomputes stored transactions in batches, continues after an interruption, and reports."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from banking.ledger import monthly_totals
from banking.ledger import reclassify as reclassification
from banking.ledger.models import ReclassificationJob, Transaction
from tests.factories import create_account, create_item_with_transactions, store_transactions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

GROCERIES = "10000000"


@pytest.fixture
def outdated(alice: User, bob: User) -> None:
    """Transactions that were classified by a definition that has changed since."""
    item = create_item_with_transactions(
        alice, [{"amount": f"-{n}.00", "categoryId": GROCERIES} for n in range(1, 6)]
    )
    store_transactions(
        create_account(item, name="Outra"),
        {"amount": "-100.50"},
        {"amount": "7.00", "date": "2025-01-05T00:00:00Z"},
    )
    create_item_with_transactions(bob, [{"amount": "-9.00"}])
    Transaction.objects.update(kind="income", category="01000000")
    Transaction.objects.filter(amount=-5).update(kind_reason="?", kind="expense", category=GROCERIES)
    monthly_totals.rebuild()


def reclassify(*arguments: str) -> str:
    output = StringIO()
    call_command("reclassify", *arguments, stdout=output)
    return output.getvalue()


def test_all_transactions_are_corrected_and_the_changes_reported(outdated: None) -> None:
    output = reclassify()
    assert monthly_totals.differences() == []
    assert not Transaction.objects.filter(kind_reason="?").exists()
    assert set(Transaction.objects.filter(amount__lt=0).values_list("kind", flat=True)) == {"expense"}
    lines = output.splitlines()
    assert lines[0] == "8 of 8 transactions changed"
    assert lines[1].split("→")[0].split() == ["4", "BRL", "-10.00", "income,", "Income"]
    assert "1 in something else" in lines[-1]
    assert reclassify().splitlines() == ["0 of 8 transactions changed"]


def test_job_is_limited_to_a_user_or_a_start_date(outdated: None, bob: User) -> None:
    assert reclassify("--user", "bob@example.com").startswith("1 of 1 transactions")
    today = timezone.localdate().isoformat()
    assert reclassify("--user", "alice@example.com", "--from", today).startswith("6 of 6 transactions")
    with pytest.raises(CommandError, match="no user"):
        reclassify("--user", "nobody@example.com")


@pytest.mark.parametrize("batches", [1, 2, 3, 4])
def test_interrupted_job_continues_and_counts_nothing_twice(
    outdated: None, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    monkeypatch.setattr("banking.ledger.reclassify.BATCH", 2)
    run = reclassification.run

    def interrupted(job: ReclassificationJob) -> Iterator[int]:
        for number, done_count in enumerate(run(job), 1):
            yield done_count
            if number == batches:
                raise KeyboardInterrupt

    monkeypatch.setattr(reclassification, "run", interrupted)
    with pytest.raises(CommandError, match="interrupted after"):
        reclassify()
    monkeypatch.setattr(reclassification, "run", run)
    output = reclassify()
    assert "continuing after" in output
    assert "8 of 8 transactions changed" in output
    assert ReclassificationJob.objects.get().finished_at is not None
    assert monthly_totals.differences() == []


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal(outdated: None) -> None:
    screen = Terminal()
    call_command("reclassify", stdout=screen)
    assert "100%  8 transactions" in screen.getvalue()
