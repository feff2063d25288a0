"""The log: what a line holds, that no line holds personal data, and that no line can be forged."""

import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from celery import shared_task
from celery.app.trace import trace_task
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, reverse

from accounts.models import SecurityEvent, User
from banking.connections.models import SyncRun
from banking.ledger.models import Account, Transaction
from banking.web.tasks import sync
from pfm import logs
from pfm.celery import app
from pfm.urls import urlpatterns as product_urlpatterns
from tests.local_pluggy import LocalPluggy

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.pfm.test_logs")]
Lines = Callable[[], list[dict[str, Any]]]
FORGERIES = ("\r\n", "\n", "\x1b[2J\x1b[1;1H", "\x85", "\u2028", "\u2029", "\x00")
FORGED = '{"level": "info", "logger": "lume.request", "event": "forged"}'


def crashing(request: HttpRequest, name: str) -> HttpResponse:
    raise IntegrityError("Key (email)=(carol@example.com) of Carol da Silva, 1.234,56, already exists")


def enqueueing(request: HttpRequest) -> HttpResponse:
    named_in_log.apply_async()
    return HttpResponse()


@shared_task(name="tests.named_in_log")
def named_in_log() -> None:
    logging.getLogger("tests").info("in a task")


urlpatterns = [path("crashing/<str:name>/", crashing), path("enqueueing/", enqueueing), *product_urlpatterns]


def _written(is_readable: bool) -> Iterator[StringIO]:
    """Write the log, as all handlers do, into a buffer."""
    output = StringIO()
    handler = logging.StreamHandler(output)
    handler.setFormatter(logs.formatter(is_readable=is_readable))
    logging.getLogger().addHandler(handler)
    yield output
    logging.getLogger().removeHandler(handler)
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def json_output() -> Iterator[StringIO]:
    yield from _written(is_readable=False)


@pytest.fixture
def readable_output() -> Iterator[StringIO]:
    yield from _written(is_readable=True)


@pytest.fixture
def lines(json_output: StringIO) -> Lines:
    return lambda: [json.loads(line) for line in json_output.getvalue().splitlines()]


def test_a_line_of_a_request(as_alice: Client, alice: User, lines: Lines) -> None:
    response = as_alice.get(reverse("preferences"), {"q": "secret"})
    line = lines()[-1]
    assert line["time"].endswith("+00:00")
    assert (line["level"], line["logger"], line["event"]) == ("info", "lume.request", "request")
    assert (line["method"], line["route"], line["status"]) == ("GET", "/preferences/", 200)
    assert line["request_id"] == response["X-Request-ID"]
    assert line["user"] == logs.user_hash(alice.pk)
    assert str(alice.pk) != line["user"] and "secret" not in str(line)


def test_each_request_has_its_own_id_and_user(as_alice: Client, lines: Lines) -> None:
    first, second = as_alice.get("/preferences/"), Client().get("/accounts/login/")
    assert first["X-Request-ID"] != second["X-Request-ID"]
    assert "user" in lines()[-2] and "user" not in lines()[-1]


@pytest.mark.parametrize(
    ("proxies", "given", "is_kept"),
    [
        (1, "0123456789abcdef0123456789abcdef", True),
        (1, "6b1f5e0e-7a0a-4f3c-9d57-111111111111", True),
        (0, "0123456789abcdef0123456789abcdef", False),  # anybody can send it
        (1, "short", False),
        (1, "0123456789abcdef\n0123456789abcdef", False),
        (1, "x" * 37, False),
    ],
)
def test_the_id_of_a_request_is_a_proxys_only_if_there_is_one(
    settings: Any, db: None, proxies: int, given: str, is_kept: bool
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    answered = Client().get("/accounts/login/", headers={"X-Request-ID": given})["X-Request-ID"]
    assert (answered == given) is is_kept


def test_a_security_event_has_the_id_of_its_request(alice: User, db: None) -> None:
    response = Client().post("/accounts/login/", {"login": alice.email, "password": "wrong"})
    assert SecurityEvent.objects.get().request_id == response["X-Request-ID"]


def test_a_task_has_the_id_of_the_request_that_enqueued_it(as_alice: Client) -> None:
    with app.connection_for_read() as connection, connection.SimpleQueue("interactive") as queue:
        queue.clear()
        response = as_alice.get("/enqueueing/")
        message = queue.get(timeout=5)
        message.ack()
    assert message.headers["request_id"] == response["X-Request-ID"]


def test_a_line_of_a_task(lines: Lines) -> None:
    message = {
        "id": "a-task",
        "task": named_in_log.name,
        "request_id": "of-a-request",
    }  # as a worker receives it
    trace_task(named_in_log, "a-task", (), {}, message, app=app)
    line = next(line for line in lines() if line["event"] == "in a task")
    assert (line["task_id"], line["task"]) == ("a-task", "tests.named_in_log")
    assert line["request_id"] == "of-a-request"
    assert structlog.contextvars.get_contextvars() == {}


@pytest.mark.parametrize("character", FORGERIES)
def test_no_line_can_be_forged(json_output: StringIO, alice: User, character: str) -> None:
    forged = character + FORGED
    logging.getLogger("tests").warning("a name: %s", forged)
    structlog.get_logger("tests").warning("a name", name=forged)
    client = Client(raise_request_exception=False)
    client.get("/crashing/" + forged.replace("/", "") + "/")
    client.get("/nothing/" + forged)
    client.get("/preferences/", headers={"User-Agent": forged, "X-Request-ID": forged, "Referer": forged})
    client.post("/accounts/login/", {"login": forged, "password": forged})
    written = json_output.getvalue().split("\n")
    events = [json.loads(line)["event"] for line in written if line]
    assert len(events) >= 6 and "forged" not in events
    assert all(line.isprintable() and line.isascii() for line in written)


@pytest.mark.parametrize("character", FORGERIES)
def test_no_readable_line_can_be_forged(readable_output: StringIO, character: str) -> None:
    line = "12:00:00 info lume.request: forged"
    logging.getLogger("tests").warning("a name: %s", character + line)
    structlog.get_logger("tests").warning("a name", name=character + line)
    try:
        raise ValueError(character + line)
    except ValueError:
        logging.getLogger("tests").exception("failed")
    written = readable_output.getvalue().split("\n")
    assert not [text for text in written if text.startswith(line[:5]) and text.endswith("forged")]
    assert all(text.isprintable() for text in written)
    assert any(text.startswith("    ") and "ValueError" in text for text in written)


def test_an_exception_is_described_without_its_message(db: None, lines: Lines) -> None:
    Client(raise_request_exception=False).get("/crashing/carol@example.com/")
    line = next(line for line in lines() if line["logger"] == "django.request")
    assert line["event"] == "Internal Server Error"
    assert line["route"] == "/crashing/<str:name>/"
    assert line["exception"] == "django.db.utils.IntegrityError"
    assert any(frame.endswith(" crashing") for frame in line["frames"])
    assert "arol" not in str(line)


@pytest.mark.parametrize(
    "secret",
    [
        "ana.lima+x@example.com.br",
        "123.456.789-09",
        "12345678909",
        "12.345.678/0001-95",
        "R$ 1.234,56",
        "token=abc",
    ],
)
def test_personal_data_in_a_message_are_replaced(json_output: StringIO, secret: str) -> None:
    logging.getLogger("tests").warning("failed for https://example.com/x?%s and (%s)", secret, [secret])
    structlog.get_logger("tests").warning("failed", name=[secret])
    found = secret in json_output.getvalue()
    assert found is (
        secret == "token=abc"
    )  # a token has no form of its own; in a query string it is replaced
    assert "x?token" not in json_output.getvalue()


def test_further_lines_of_a_message_are_dropped(json_output: StringIO) -> None:
    logging.getLogger("tests").error("duplicate key\nDETAIL: Key (name)=(Carol) already exists")
    assert "duplicate key" in json_output.getvalue() and "Carol" not in json_output.getvalue()


def test_a_line_of_celery(lines: Lines) -> None:
    failure = {
        "name": "banking.sync",
        "id": "1",
        "description": "raised unexpected",
        "exc": "ValueError('Carol')",
    }
    failure["traceback"] = "Carol"
    celery = "Task %(name)s[%(id)s] %(description)s: %(exc)s\n%(traceback)s"
    logging.getLogger("celery.app.trace").error(celery, failure)
    of_celery = lines()[-1]
    assert (of_celery["event"], of_celery["task"]) == ("task raised unexpected", "banking.sync")
    assert "Carol" not in str(of_celery)


@pytest.mark.usefixtures("categories")
def test_no_line_of_a_whole_flow_holds_personal_data(json_output: StringIO, pluggy: LocalPluggy) -> None:
    """Sign up, fail to sign in, connect a bank, sync, look at pages, ask for what does not exist, and crash."""
    email, password, client = "carol.souza@example.com", "quatro palavras bem longas", Client()
    client.raise_request_exception = False
    client.post(reverse("account_signup"), {"email": email, "password1": password})
    Client().post(reverse("account_login"), {"login": email, "password": "not-the-password"})
    Client().post(
        reverse("account_login"), {"login": "dora.lima@example.com", "password": "not-the-password"}
    )
    Client().post(reverse("account_reset_password"), {"email": email})
    client.post(reverse("account_login"), {"login": email, "password": password})
    user = User.objects.get(email=email)
    client.post(reverse("preferences"), {"first_name": "Carolina", "last_name": "Souza", "theme": "auto"})
    item_id = pluggy.connect(user.reference)
    client.post(reverse("claim"), json.dumps({"itemId": item_id}), "application/json")
    sync.apply(args=(item_id,))
    for url in (
        reverse("overview"),
        reverse("transactions") + "?q=mercado&account=x",
        "/no/such/?email=" + email,
    ):
        client.get(url)
    for url in (
        f"/crashing/{email}/",
        reverse("transaction", args=[item_id]),
        f"/accounts/confirm-email/{email}/",
    ):
        client.get(url)
    written = json_output.getvalue()
    transactions, accounts = list(Transaction.objects.of(user)), list(Account.objects.of(user))
    assert transactions and accounts
    personal = {
        email,
        "carol.souza",
        "dora.lima",
        password,
        "not-the-password",
        "Carolina",
        "Souza",
        "mercado",
    }
    personal |= {client.cookies["sessionid"].value, user.reference}
    for transaction in transactions:
        personal |= {transaction.description, transaction.counterparty, transaction.counterparty_document}
        personal |= {f"{abs(transaction.signed_amount):.2f}"}
    for account in accounts:
        personal |= {account.name, account.number, account.owner_name, f"{account.balance:.2f}"}
    lines = [json.loads(line) for line in written.splitlines()]
    texts = [str(value) for line in lines for name, value in line.items() if name not in ("time", "frames")]
    assert [word for word in personal if len(word) > 3 and any(word in text for text in texts)] == []
    events = {line["event"] for line in lines}
    assert {"request", "unknown id refused", "Internal Server Error"} <= events
    assert any("transactions read" in event for event in events)
    of_sync = next(line for line in lines if "transactions read" in line["event"])
    assert of_sync["run_id"] == SyncRun.objects.get().pk
    assert (of_sync["task"], of_sync["user"]) == ("banking.sync", logs.user_hash(user.pk))
