"""What the bank does not share before the user, or another holder, approves it there."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from banking.connections.models import Item, SyncRun
from tests.factories import create_account, create_item
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
Connect = Callable[..., Item]


def report(pluggy: LocalPluggy, item: Item, flag: Any, resources: Any = None, *, status: int = 200) -> None:
    """Let Pluggy answer with this flag and these resources, and sync the item."""
    body = pluggy.api("GET", f"/items/{item.id}") | {"hasResourcesPendingAuthorization": flag}
    pluggy.fault("status", f"^/items/{item.id}$", status=200, body=body)
    if resources is not None:
        page = {"page": 1, "total": 1, "totalPages": 1, "results": resources}
        answer = page if status == 200 else {"code": status, "codeDescription": "X", "message": "refused"}
        pluggy.fault("status", f"^/items/{item.id}/resources", status=status, body=answer)
    mark_changed(item)
    assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED
    pluggy.control("DELETE", "/faults")
    item.refresh_from_db()


def resource(kind: Any, status: Any) -> dict[str, Any]:
    return {"resourceId": "1", "type": kind, "status": status}


def test_the_kinds_that_wait_are_stored_and_forgotten_when_approved(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice)
    listed = [
        resource("ACCOUNT", "AVAILABLE"),
        resource("CREDIT_CARD_ACCOUNT", "PENDING_AUTHORISATION"),
        resource("FUND", "PENDING_AUTHORISATION"),
        resource("LOAN", "TEMPORARILY_UNAVAILABLE"),
    ]
    report(pluggy, item, True, listed)
    assert (item.has_pending_resources, item.pending_resources) == (True, ["CREDIT_CARD_ACCOUNT", "FUND"])
    report(pluggy, item, False)
    assert (item.has_pending_resources, item.pending_resources) == (False, [])


@pytest.mark.parametrize(
    ("resources", "status", "waits", "kinds"),
    [
        ([], 200, True, []),  # no details
        ([resource("ACCOUNT", "AVAILABLE")], 200, False, []),  # approved since the flag was set
        ([resource(None, "PENDING_AUTHORISATION")], 200, True, []),
        ([resource(7, "PENDING_AUTHORISATION"), resource("NEW", 3), "odd", None], 200, True, []),
        ([resource("NEW_KIND", "PENDING_AUTHORISATION")] * 2, 200, True, ["NEW_KIND"]),
        ([], 400, True, []),
        ([], 403, True, []),
        ([], 404, True, []),
        ([], 429, True, []),
        ([], 500, True, []),
    ],
)
def test_odd_answers_cost_only_the_details(
    resources: Any, status: int, waits: bool, kinds: list[str],
    alice: User, pluggy: LocalPluggy, connect: Connect,
) -> None:  # fmt: skip
    item = connect(alice)
    report(pluggy, item, True, resources, status=status)
    assert item.has_pending_resources == waits
    assert item.pending_resources == kinds
    assert item.accounts.exists()


@pytest.mark.parametrize("flag", [None, "true", 1, [], {}])
def test_a_flag_of_another_form_is_no_flag(
    flag: Any, alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice)
    report(pluggy, item, flag)
    assert not item.has_pending_resources


@pytest.mark.parametrize("name", ["connections", "connection", "overview"])
def test_pages_say_what_waits_and_where_to_approve_it(name: str, alice: User, as_alice: Client) -> None:
    item = create_item(alice, has_pending_resources=True, pending_resources=["CREDIT_CARD_ACCOUNT", "FUND"])
    create_account(item)
    as_alice.cookies["django_language"] = "en"
    page = as_alice.get(reverse(name, args=[item.id] if name == "connection" else [])).content.decode()
    assert "Banco Aurora is still waiting for your approval to share: cards, investments." in page
    assert "in the Open Finance section of Banco Aurora&#x27;s app" in page or "Aurora's app" in page


def test_kinds_that_are_not_known_have_a_name(alice: User, as_alice: Client) -> None:
    item = create_item(alice, has_pending_resources=True, pending_resources=["A", "B", "EXCHANGE"])
    as_alice.cookies["django_language"] = "en"
    page = as_alice.get(reverse("connection", args=[item.id])).content.decode()
    assert "approval to share: other products, currency exchange." in page


def test_without_details_everything_is_named(alice: User, as_alice: Client) -> None:
    item = create_item(alice, has_pending_resources=True)
    as_alice.cookies["django_language"] = "en"
    assert (
        "approval to share everything."
        in as_alice.get(reverse("connection", args=[item.id])).content.decode()
    )
