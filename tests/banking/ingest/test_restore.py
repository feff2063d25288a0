"""Restore of a backup: a full sync brings back everything that the bank has, and stores nothing twice.

The backup is made as docs/operations.md says.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item
from banking.ledger import monthly_totals, overrides
from banking.ledger.edits import TransactionEdits
from banking.ledger.models import Transaction
from pfm import task_queue
from tests.local_pluggy import LocalPluggy
from tests.postgres import run_program
from tests.sync_helpers import (
    LATER,
    hint_for,
    mark_changed,
    newest_transaction,
    remote_amounts,
    run_sync,
    stored_amounts,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("categories")]


def test_after_a_restore_a_full_sync_gives_the_banks_transactions(
    alice: User,
    pluggy: LocalPluggy,
    connect: Callable[..., Item],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F-61: the events since the backup are lost, and the reading progress of the accounts is outdated."""
    monkeypatch.setattr(task_queue, "enqueue", lambda *_: False)
    item, backup = connect(alice), str(tmp_path / "backup")
    long_ago = timezone.localdate() - timedelta(days=60)
    edited, deleted, corrected = Transaction.objects.filter(
        account__item=item, account__subtype="CHECKING_ACCOUNT", local_date__lt=long_ago
    ).live()[:3]  # fmt: skip
    overrides.save_edits(edited, TransactionEdits(note="before the backup"))
    run_program("pg_dump", "--format=custom", "--enable-row-security", "--file", backup)

    new = pluggy.add_transaction(str(item.id), description="NOVA", amount=-7, silent=True)["id"]
    pluggy.control("DELETE", f"/transactions/{deleted.id}", silent=True)
    pluggy.control("PATCH", f"/transactions/{corrected.id}", amount=-123, silent=True)
    mark_changed(item, **hint_for(deleted, "deleted"))
    mark_changed(item, **hint_for(corrected, "updated"))
    run_sync(item)
    overrides.save_edits(newest_transaction(item, id=new), TransactionEdits(note="after the backup"))
    assert stored_amounts(item) == remote_amounts(pluggy, item)

    run_program(
        "pg_restore",
        "--clean",
        "--if-exists",
        "--single-transaction",
        f"--dbname={connection.settings_dict['NAME']}",
        backup,
    )
    assert new not in stored_amounts(item) and str(deleted.id) in stored_amounts(item)
    call_command("sync_item", "--all", "--full", verbosity=0)
    run_sync(item, after=LATER)
    assert stored_amounts(item) == remote_amounts(pluggy, item)
    assert monthly_totals.differences() == []
    call_command("verify", "--remote")
    notes = Transaction.objects.filter(account__item=item).exclude(note="").values_list("note", flat=True)
    assert list(notes) == ["before the backup"]
