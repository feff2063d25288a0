"""The archive of a user's data: complete, of one moment, without secrets, and described by its manifest."""

import csv
import hashlib
import json
import re
import threading
import zipfile
from collections.abc import Iterable, Iterator
from io import BytesIO, StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import row_security
from accounts.models import SecurityEvent, User
from banking.connections.models import Item
from banking.ledger.models import Account, Loan, Rule, Transaction
from banking.personal_data import archive
from banking.personal_data.tables import owned_tables
from tests.banking.personal_data.traces import populate
from tests.factories import create_item_with_transactions
from tests.signing_in import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("categories")]
DOCUMENT = "5" * 64  # the keyed hash of a document


class Archive:
    """A downloaded archive."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.zip = zipfile.ZipFile(BytesIO(body))
        assert self.zip.testzip() is None
        self.manifest = json.loads(self.zip.read("manifest.json"))

    def rows(self, table: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.zip.read(f"data/{table}.jsonl").splitlines()]

    def text(self) -> str:
        return "".join(self.zip.read(name).decode() for name in self.zip.namelist())


def stream(user: User, csv_lines: Iterable[bytes] = ()) -> Iterator[bytes]:
    return archive.stream(user, csv_lines=lambda: iter(csv_lines), now=timezone.now(), version="0")


@pytest.fixture
def alices(alice: User, bob: User) -> Item:
    """Alice's item; she and bob have a row in every table."""
    item = populate(alice, User.objects.create_user("staff@example.com", is_staff=True))
    create_item_with_transactions(bob, [{"amount": "-1.00", "description": "SEGREDO DE BOB"}])
    columns = {"amount": "-1234.56789", "counterparty_hash": DOCUMENT, "description": "=1+1;x"}
    Transaction.objects.filter(note__contains="zuleica").update(**columns, signed_amount="-1234.56789")
    Account.objects.of(alice).update(owner_hash=DOCUMENT, rejected_owners=[DOCUMENT, "6" * 64])
    Loan.objects.of(alice).update(ipoc_hash="6" * 64)
    return item


def download(client: Client) -> Archive:
    response = client.post(reverse("download_my_data"))
    assert response.status_code == 200, response
    assert response["Content-Type"] == "application/zip"
    assert re.fullmatch(r'attachment; filename="lume-my-data-[\d-]+\.zip"', response["Content-Disposition"])
    return Archive(response.getvalue())


def test_everything_of_the_user_is_in_it_and_nothing_of_others(alices: Item, alice: User) -> None:
    secret = Authenticator.objects.get(user=alice).data["secret"]
    client = signed_in(alice)
    with row_security.for_user(None):  # as after a request: the response is streamed when it has ended
        downloaded = download(client)

    described = {table["table"]: table for table in downloaded.manifest["tables"]}
    for table in owned_tables():
        # A new table is in the archive by itself, or somebody decided that it is not.
        assert table.name in described or table.name in downloaded.manifest["left_out"], table.name
        if table.name in described:
            assert described[table.name]["count"] == table.of(alice).count(), table.name
    assert len(downloaded.rows("webhooks_event")) == 2
    for file in [*described.values(), *downloaded.manifest["files"]]:
        content = downloaded.zip.read(file["file"])
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert content.count(b"\n") == file["count"]

    text = downloaded.text()
    assert "jantar com zuleica" in text and alice.reference in text
    others = ("SEGREDO DE BOB", "bob@example.com", "staff@example.com")
    kept_back = (alice.password, secret, client.session.session_key, DOCUMENT, "6" * 64)
    assert [word for word in (*others, *kept_back) if str(word) in text] == []
    assert {"accounts_user.password", "mfa_authenticator.data"} < downloaded.manifest["left_out"].keys()
    event = SecurityEvent.objects.of(alice).get(code=SecurityEvent.Code.EXPORTED)
    assert event.facts == {"what": "all data"}


def test_values_are_exact(alices: Item, alice: User) -> None:
    downloaded = download(signed_in(alice))
    row = next(row for row in downloaded.rows("ledger_transaction") if row["note"])
    assert row["amount"] == "-1234.56789000"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", row["occurred_at"])
    assert row["local_date"] == "2026-11-01"
    assert "user_id" not in row and "search_key" not in row
    account = next(row for row in downloaded.rows("ledger_account") if row["owner_hash"])
    loan = downloaded.rows("ledger_loan")[0]
    # Who is the same is kept, but not by which hash.
    assert row["counterparty_hash"] == account["owner_hash"] == account["rejected_owners"][0]
    assert loan["ipoc_hash"] == account["rejected_owners"][1] != account["owner_hash"]


@pytest.mark.parametrize(
    ("language", "delimiter", "amount"), [("pt-br", ";", "-1234,56789"), ("en", ",", "-1234.56789")]
)
def test_the_spreadsheet_is_in_the_users_language(
    language: str, delimiter: str, amount: str, alices: Item, alice: User
) -> None:
    client = signed_in(alice)
    client.cookies["django_language"] = language
    text = download(client).zip.read("transactions.csv").decode("utf-8-sig")
    rows = list(csv.reader(StringIO(text), delimiter=delimiter))
    assert len(rows) == 1 + Transaction.objects.of(alice).live().count()
    assert any(amount in row and "'=1+1;x" in row for row in rows)


def test_it_shows_one_moment(alices: Item, alice: User) -> None:
    """A rule that is added while the archive is read, before its table is read, is not in it."""

    def add_rule() -> None:
        Rule.objects.create(user=alice, position=9, created_at=timezone.now(), text="later", hides=True)
        connection.close()

    pieces = stream(alice)
    first = next(pieces)
    thread = threading.Thread(target=add_rule)
    thread.start()
    thread.join()
    downloaded = Archive(first + b"".join(pieces))
    assert Rule.objects.filter(text="later").exists()
    assert [row for row in downloaded.rows("ledger_rule") if row["text"] == "later"] == []
    assert connection.connection.info.transaction_status.name == "IDLE"


def test_a_download_that_is_broken_off_leaves_nothing_open(alices: Item, alice: User) -> None:
    pieces = stream(alice)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert not connection.in_atomic_block
    assert connection.connection.info.transaction_status.name == "IDLE"
    assert row_security._effective() == row_security.EVERYONE


def test_a_failure_on_the_way_gives_no_valid_archive(alices: Item, alice: User) -> None:
    def failing() -> Iterator[bytes]:
        yield b"x"
        raise RuntimeError("a bug")

    received = BytesIO()
    with pytest.raises(RuntimeError):
        received.writelines(stream(alice, failing()))
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(received)


def test_it_needs_a_recent_sign_in_and_is_limited(alice: User, as_alice: Client, settings: Any) -> None:
    old = Client()
    old.force_login(alice)
    response = old.post(reverse("download_my_data"))
    assert response.status_code == 302 and "reauthenticate" in response["Location"]
    assert not SecurityEvent.objects.filter(code=SecurityEvent.Code.EXPORTED).exists()
    settings.ACCOUNT_RATE_LIMITS = {"my_data": "1/h/user"}
    download(as_alice)
    assert as_alice.post(reverse("download_my_data")).status_code == 302
