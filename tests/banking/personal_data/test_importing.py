"""Importing an archive: every figure is as before, and what is no good archive changes nothing."""

import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item, SyncState
from banking.ledger import bulk_edits, monthly_totals, rule_edits
from banking.ledger.classification import Override
from banking.ledger.edits import BulkChange, Split, TransactionEdits
from banking.ledger.models import BulkEditItem, Rule, SearchText, Transaction
from banking.ledger.overrides import save_edits
from banking.ledger.splits import replace_splits
from banking.personal_data import erasure, importing
from banking.pluggy import Client as ApiClient
from banking.verify import violations
from banking.web import tasks
from banking.web.api_client import pluggy as our_client
from tests.banking.personal_data import archives
from tests.mails import deliver_one
from tests.signing_in import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pluggy")]

JSON_PAGES = (
    "overview_json",
    "report_categories_json",
    "report_merchants_json",
    "report_cash_flow_json",
    "report_pace_json",
    "report_money_flow_json",
    "cards_json",
    "installments_json",
    "net_worth_json",
    "investments_json",
)
QUERIES: tuple[dict[str, str], ...] = (
    {},
    {"month": "2026-10"},
    {"month": "all"},
    {"month": "2026-10", "basis": "cash"},
)


@pytest.fixture(autouse=True)
def _no_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pfm.task_queue.enqueue", lambda *_: False)


def figures(user: User) -> dict[str, Any]:
    """Return all reports of a user as JSON, and the exported list with all edits."""
    client = signed_in(user)
    reports = {
        f"{name} {query}": client.get(reverse(name), query).json() for name in JSON_PAGES for query in QUERIES
    }
    lines = client.get(reverse("export_csv"), {"month": "all"}).getvalue()
    return reports | {"list": lines.decode()}


def edit(user: User) -> None:
    """Let the user edit in every way that there is."""
    now = timezone.now()
    expenses = list(Transaction.objects.of(user).live().filter(kind="expense").order_by("id")[:9])
    override = Override("11010000", False, "")
    save_edits(expenses[0], TransactionEdits(override, "jantar", ("amigos",)))
    whole = abs(expenses[1].signed_amount)
    half = round(whole / 2, 2)
    replace_splits(expenses[1], [Split(half, "10000000", "parte"), Split(whole - half, "19010000")])
    rule_edits.apply(
        rule_edits.save(Rule(user=user, text="uber", category_id="19010000", tags=["x"]), now=now)
    )
    ids = [transaction.id for transaction in expenses[2:]]
    bulk_edits.execute(bulk_edits.create_for_ids(user, ids, BulkChange(hidden=True), now=now), now=now)


def erase(user: User) -> None:
    request = erasure.request(user, now=timezone.now(), language="en")
    assert erasure.run(request.pk, client=our_client(), now=timezone.now)


@pytest.mark.django_db(transaction=True)
def test_every_figure_is_equal_after_export_erasure_and_import(
    alice: User,
    categories: None,
    connect: Callable[..., Item],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for connector in (9001, 9003, 9004):  # with cards, a loan and investments
        connect(alice, connector=connector)
    edit(alice)
    before, old_reference = figures(alice), alice.reference
    path = tmp_path / "mine.zip"
    path.write_bytes(signed_in(alice).post(reverse("download_my_data")).getvalue())
    erase(alice)
    assert not Transaction.objects.exists()
    Rule.objects.create(
        user=User.objects.create(email="x@example.com"),
        position=0,
        created_at=timezone.now(),
        text="x",
        hides=True,
    )

    call_command("import_person", str(path))
    user = User.objects.get(email="alice@example.com")
    assert figures(user) == before
    assert len(before["list"].splitlines()) > 1000 and "jantar" in before["list"]
    assert user.reference != old_reference and not user.has_usable_password()
    assert Transaction.objects.of(user).filter(rule=Rule.objects.get(user=user)).exists()
    assert BulkEditItem.objects.of(user).exists() and SearchText.objects.of(user).exists()
    assert violations(now=timezone.now() + timedelta(hours=1)) == []

    sent = recorded_requests(monkeypatch)
    tasks.find_overdue_items()
    tasks.sweep()
    tasks.find_items_to_read_again()
    tasks.send_category_updates()
    client = signed_in(user)
    item = Item.objects.of(user).filter(accounts__isnull=False).first()
    assert item is not None
    tasks.sync(str(item.id))
    page = client.get(reverse("connection", args=[item.id])).content.decode()
    assert "Importada" in page and reverse("refresh", args=[item.id]) not in page
    assert client.post(reverse("refresh", args=[item.id])).status_code == 404
    balance = reverse("read_balance", args=[item.accounts.first().pk])  # type: ignore[union-attr]
    assert client.post(balance).status_code == 404
    token = client.post(reverse("connect_token"), {"itemId": str(item.id)}, "application/json")
    assert token.status_code == 404
    client.post(reverse("disconnect", args=[item.id]))
    tasks.finish_disconnections()
    assert not Item.objects.filter(id=item.id).exists()
    erase(user)
    assert not [request for request in sent if "/v2/items" not in request and "/auth" not in request]


def recorded_requests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which each request to Pluggy is added."""
    sent: list[str] = []
    send = ApiClient._send

    def recorded(client: ApiClient, method: str, path: str, key: str, **options: Any) -> Any:
        sent.append(f"{method} {path}")
        return send(client, method, path, key, **options)

    monkeypatch.setattr(ApiClient, "_send", recorded)
    return sent


# --- A user without connections, by hand -------------------------------------------------------------------
@pytest.fixture
def path(tmp_path: Path) -> Path:
    return archives.build(tmp_path / "zuleica.zip")


def test_the_user_gets_their_profile_but_no_rights_and_sets_a_password(path: Path) -> None:
    call_command("import_person", str(path), email="new@example.com")
    user = User.objects.get()
    assert (user.email, user.first_name, user.theme) == ("new@example.com", "Zuleica", "dark")
    assert (user.is_staff, user.is_superuser, user.is_active, user.has_usable_password()) == (
        False,
        False,
        True,
        False,
    )
    Client().post(reverse("account_reset_password"), {"email": "new@example.com"})
    assert deliver_one().to == ["new@example.com"]


def item_row(**changes: Any) -> dict[str, Any]:
    now = timezone.now().isoformat()
    row = {"id": "0f3c5a6e-0000-4000-8000-000000000001", "connector_id": 9001, "status": "UPDATED"}
    return row | {"connected_at": now, "read_at": now} | changes


def tables(**more: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    seen = {"id": 9001, "name": "Banco", "seen_at": timezone.now().isoformat()}
    return {"connections_connector": [seen], "connections_item": [item_row()], **more}


def test_connections_are_kept_only_if_the_operator_says_so(tmp_path: Path) -> None:
    state = {"item_id": item_row()["id"], "dirty_seq": 5, "synced_seq": 5, "due_at": item_row()["read_at"]}
    user = {**archives.USER, "reference": "the-reference-at-pluggy"}
    content = tables(connections_syncstate=[state], accounts_user=[user])
    path = archives.build(tmp_path / "a.zip", content)
    call_command("import_person", str(path))
    assert Item.objects.get().is_imported
    assert not SyncState.objects.due(timezone.now()).exists()
    erase(User.objects.get())  # Pluggy is not asked to delete it, either

    call_command("import_person", str(path), keep_connections=True)
    assert (User.objects.get().reference, Item.objects.get().is_imported) == (
        "the-reference-at-pluggy",
        False,
    )
    assert SyncState.objects.due(timezone.now()).readable().exists()


# --- Refused -----------------------------------------------------------------------------------------------
def refusal(path: Path, **options: Any) -> str:
    users = User.objects.count()
    with pytest.raises(CommandError) as error:
        call_command("import_person", str(path), **options)
    assert (User.objects.count(), Item.objects.count()) == (users, 0)
    return str(error.value)


def test_an_existing_user_is_not_overwritten(path: Path) -> None:
    User.objects.create(email="Zuleica@Example.com")
    assert "has an account here already" in refusal(path)


def test_a_file_that_is_no_whole_archive(path: Path, tmp_path: Path) -> None:
    body = path.read_bytes()
    for length in range(0, len(body) - 1, 97):
        path.write_bytes(body[:length])
        assert "no complete zip archive" in refusal(path)
    assert "cannot be read" in refusal(tmp_path / "no such file")


def test_any_changed_byte(path: Path) -> None:
    body = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        name = "data/accounts_user.jsonl"
        start = archive.getinfo(name).header_offset + 30 + len(name)
        size = archive.getinfo(name).compress_size
    for position in range(start, start + size, 7):
        changed = bytearray(body)
        changed[position] ^= 0xFF
        path.write_bytes(changed)
        assert "nothing was imported" in refusal(path)


def test_files_that_differ_from_the_manifest(path: Path) -> None:
    original = path.read_bytes()
    archives.change(path, "data/accounts_user.jsonl", b'{"email": "x@example.com"}\n')
    assert "its sha256 is not that of the manifest" in refusal(path)
    path.write_bytes(original)
    archives.change(path, "data/accounts_user.jsonl", None)
    assert "missing files: data/accounts_user.jsonl" in refusal(path)
    path.write_bytes(original)
    archives.change(path, "data/more.jsonl", b"{}\n")
    assert "the manifest does not name: data/more.jsonl" in refusal(path)
    path.write_bytes(original)
    archives.change(path, "manifest.json", None)
    assert "manifest.json is missing" in refusal(path)
    archives.change(path, "manifest.json", b"[" * 100_000)
    assert "manifest.json cannot be read" in refusal(path)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "data/../x.jsonl", "data\\x.jsonl", "data/x.py", "data/"]
)
def test_names_of_files(name: str, tmp_path: Path) -> None:
    assert "has a name that no archive of Lume has" in refusal(
        archives.build(tmp_path / "a.zip", files={name: b"x"})
    )


def test_a_newer_format(tmp_path: Path) -> None:
    path = archives.build(tmp_path / "a.zip", format=2, tables="in another way")
    assert "a newer Lume made it (format 2); this one reads formats up to 1" in refusal(path)


def test_a_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "FREE_SIZE", 2**20)
    path = archives.build(tmp_path / "a.zip", {"ledger_rule": [{"text": "0" * 3 * 2**20}]})
    assert path.stat().st_size < 10_000
    assert "more than 200 times" in refusal(path)
    monkeypatch.setattr(importing, "MAX_MANIFEST", 1000)
    assert "manifest.json is too large" in refusal(archives.build(tmp_path / "b.zip", version="0" * 2000))
    monkeypatch.setattr(importing, "MAX_LINE", 100)
    path = archives.build(tmp_path / "c.zip", {"accounts_user": [{"email": "x" * 200}]})
    assert "a line is too long" in refusal(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"connections_item": [item_row(is_new_here=1)]}, "has columns that are not here: is_new_here"),
        ({"connections_item": [item_row(read_at="yesterday")]}, "a row of connections_item cannot be read"),
        ({"connections_item": [item_row(connector_id=1234)]}, "does not fit"),
        ({"connections_item": [item_row(), item_row()]}, "does not fit"),
        ({"connections_item": [{"id": item_row()["id"]}]}, "does not fit"),
        ({"accounts_user": [{"email": "x", "first_name": "x" * 999}]}, "the user cannot be created"),
        (
            {"ledger_bulkedititem": [{"id": 1, "edit_id": 9, "account_id": None}]},
            "refers to what is not in the archive",
        ),
    ],
)
def test_rows_that_do_not_fit(changes: Any, message: str, tmp_path: Path) -> None:
    assert message in refusal(archives.build(tmp_path / "a.zip", tables(**changes)))


def test_a_count_that_is_wrong(tmp_path: Path) -> None:
    path = archives.build(tmp_path / "a.zip", tables())
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    manifest["tables"][-1]["count"] += 1
    archives.change(path, "manifest.json", json.dumps(manifest).encode())
    assert "the manifest says" in refusal(path)


def test_totals_that_are_not_the_sums(tmp_path: Path, categories: None) -> None:
    account = {"id": "0f3c5a6e-0000-4000-8000-000000000002", "item_id": item_row()["id"], "type": "BANK"}
    account |= {"name": "x", "currency": "BRL", "balance": "1.00", "read_at": item_row()["read_at"]}
    total = {
        "id": 5,
        "account_id": account["id"],
        "currency": "BRL",
        "basis": "accrual",
        "month": "2026-11-01",
    }
    total |= {"category_id": "11010000", "kind": "expense", "total": "-999.00", "transaction_count": 1}
    content = tables(ledger_account=[account], ledger_monthlytotal=[total])
    assert "totals are not the sums" in refusal(archives.build(tmp_path / "a.zip", content))
    assert monthly_totals.differences() == []
