"""verify: what is wrong is named, and only that."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from banking.models import Account, MonthTotal, SyncState
from tests.rows import store_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture(autouse=True)
def _rows(alice: User) -> None:
    store_rows(alice, [{"amount": "-10.00"}, {"amount": "5.00"}])


def test_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify")
    assert "all is well" in capsys.readouterr().out


def test_a_wrong_sum_is_named_and_rebuilt(capsys: pytest.CaptureFixture[str]) -> None:
    MonthTotal.objects.filter(kind="expense").update(rows=7)
    with pytest.raises(CommandError, match="violations"):
        call_command("verify")
    assert "sum of its rows" in capsys.readouterr().out
    call_command("rebuild_rollups")
    call_command("verify")


def test_a_row_with_two_owners_is_named(bob: User, capsys: pytest.CaptureFixture[str]) -> None:
    Account.objects.update(user=bob)
    with pytest.raises(CommandError):
        call_command("verify")
    assert "one owner" in capsys.readouterr().out


def test_what_waits_too_long_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    SyncState.objects.update(dirty_seq=1, due_at=timezone.now() - timedelta(minutes=6))
    with pytest.raises(CommandError):
        call_command("verify")
    assert "waits longer" in capsys.readouterr().out
