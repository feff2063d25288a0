"""Connecting a bank again after a failure, continuing what is unfinished, and returning from the bank's page."""

import base64
import json
import uuid
from typing import Any
from uuid import UUID

import pytest
import requests
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item
from banking.web.views.connections import oauth_redirect_uri
from tests.factories import create_account, create_item
from tests.local_pluggy import AURORA, LocalPluggy
from tests.sync_helpers import run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture(autouse=True)
def enqueued(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enqueue nothing; a test syncs when it wants to."""
    monkeypatch.setattr("pfm.task_queue.enqueue", lambda task, item_id: None)


def post(client: Client, name: str, body: Any) -> Any:
    return client.post(reverse(name), json.dumps(body), content_type="application/json")


def token_of(client: Client, **body: Any) -> str:
    return str(post(client, "connect_token", body).json()["accessToken"])


def options_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return dict(claims.get("options") or claims)


def connect_in_widget(
    pluggy: LocalPluggy, token: str, *, password: str = "password-ok", user: str = "user-ok"
) -> requests.Response:
    """Choose the bank in the widget and sign in; wait until Pluggy has tried."""
    body = {"connectorId": AURORA, "parameters": {"user": user, "password": password}}
    headers = {"X-API-KEY": token}
    answer = requests.post(f"{pluggy.url}/items", json=body, headers=headers, timeout=30)
    if answer.ok:
        pluggy.wait_until_collected(answer.json()["id"])
    return answer


def claim_and_read(client: Client, answer: requests.Response) -> None:
    """Report the item of the widget's answer to the product, and sync it."""
    item_id = answer.json()["id"]
    assert post(client, "claim", {"itemId": item_id}).status_code == 200
    run_sync(Item.objects.get(id=item_id))


# --- A wrong password, then the right one ---------------------------------------------------------------
def test_the_bank_can_be_connected_after_a_wrong_password(
    as_alice: Client, alice: User, pluggy: LocalPluggy
) -> None:
    failed = connect_in_widget(pluggy, token_of(as_alice), password="wrong").json()["id"]
    assert post(as_alice, "claim", {"itemId": failed}).status_code == 200
    answer = connect_in_widget(pluggy, token_of(as_alice))
    assert answer.status_code == 200, answer.text
    claim_and_read(as_alice, answer)
    item = Item.objects.of(alice).get()
    assert str(item.id) == answer.json()["id"], "the failed attempt is gone here"
    assert [entry["id"] for entry in pluggy.control("GET", "/state")["items"]] == [str(item.id)]
    assert not as_alice.get(reverse("connect")).context["unfinished"]


def test_within_one_opening_of_the_widget_the_bank_can_be_chosen_again(
    as_alice: Client, pluggy: LocalPluggy
) -> None:
    token = token_of(as_alice)
    assert connect_in_widget(pluggy, token, password="wrong").ok
    assert connect_in_widget(pluggy, token).ok


def test_a_wrong_password_beside_a_working_connection_is_no_dead_end(
    as_alice: Client, alice: User, pluggy: LocalPluggy
) -> None:
    create_item(alice)
    failed = connect_in_widget(pluggy, token_of(as_alice), password="wrong").json()["id"]
    post(as_alice, "claim", {"itemId": failed})
    assert connect_in_widget(pluggy, token_of(as_alice)).ok


@pytest.mark.parametrize("times", [2, 3])
def test_several_wrong_passwords_are_no_dead_end(
    times: int, as_alice: Client, alice: User, pluggy: LocalPluggy
) -> None:
    for _ in range(times):
        failed = connect_in_widget(pluggy, token_of(as_alice), password="wrong").json()["id"]
        post(as_alice, "claim", {"itemId": failed})
    answer = connect_in_widget(pluggy, token_of(as_alice))
    claim_and_read(as_alice, answer)
    assert [str(item.id) for item in Item.objects.of(alice)] == [answer.json()["id"]]


def test_a_bank_that_works_is_not_connected_twice(as_alice: Client, alice: User, pluggy: LocalPluggy) -> None:
    item_id = connect_in_widget(pluggy, token_of(as_alice)).json()["id"]
    post(as_alice, "claim", {"itemId": item_id})
    run_sync(Item.objects.get(id=item_id))
    assert connect_in_widget(pluggy, token_of(as_alice)).status_code == 400


def test_a_connection_with_data_is_kept_although_its_sign_in_fails_now(
    as_alice: Client, alice: User, pluggy: LocalPluggy
) -> None:
    stale = create_item(alice, status="LOGIN_ERROR", execution_status="INVALID_CREDENTIALS")
    create_account(stale)
    waiting = create_item(
        alice, status="OUTDATED", execution_status="USER_AUTHORIZATION_PENDING", collected_at=None
    )
    answer = connect_in_widget(pluggy, token_of(as_alice))
    claim_and_read(as_alice, answer)
    kept = {str(item.id) for item in Item.objects.of(alice).connected()}
    assert kept == {str(stale.id), str(waiting.id), answer.json()["id"]}


def test_a_second_failure_ends_no_other_attempt(as_alice: Client, alice: User, pluggy: LocalPluggy) -> None:
    for user in ("user-ok", "user-bad"):
        answer = connect_in_widget(pluggy, token_of(as_alice), password="wrong", user=user)
        post(as_alice, "claim", {"itemId": answer.json()["id"]})
    assert Item.objects.of(alice).connected().count() == 2


def test_a_failed_attempt_is_ended_later_if_pluggy_is_not_reached(
    as_alice: Client, alice: User, pluggy: LocalPluggy
) -> None:
    failed = connect_in_widget(pluggy, token_of(as_alice), password="wrong").json()["id"]
    post(as_alice, "claim", {"itemId": failed})
    answer = connect_in_widget(pluggy, token_of(as_alice))
    pluggy.fault("status", f"^/items/{failed}", method="DELETE", status=503, times=5)
    claim_and_read(as_alice, answer)
    assert Item.objects.get(id=failed).disconnected_at


def test_an_attempt_of_another_user_is_left_alone(
    as_alice: Client, bob: User, as_bob: Client, pluggy: LocalPluggy
) -> None:
    failed = connect_in_widget(pluggy, token_of(as_bob), password="wrong").json()["id"]
    post(as_bob, "claim", {"itemId": failed})
    answer = connect_in_widget(pluggy, token_of(as_alice))
    claim_and_read(as_alice, answer)
    assert Item.objects.of(bob).connected().count() == 1


# --- The page ------------------------------------------------------------------------------------------
def page_in_english(client: Client, name: str, **query: str) -> str:
    client.cookies["django_language"] = "en"
    return client.get(reverse(name), query).content.decode()


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "LOGIN_ERROR", "execution_status": "INVALID_CREDENTIALS"},
        {"status": "WAITING_USER_INPUT"},
        {"status": "WAITING_USER_ACTION"},
        {"status": "OUTDATED", "execution_status": "USER_INPUT_TIMEOUT"},
        {"status": "OUTDATED", "execution_status": "SITE_NOT_AVAILABLE"},
    ],
)
def test_an_unfinished_connection_is_offered_beside_another_bank(
    columns: dict[str, str], alice: User, as_alice: Client
) -> None:
    item = create_item(alice, collected_at=None, **columns)
    page = page_in_english(as_alice, "connect")
    assert f"{reverse('connect')}?item={item.id}#open" in page
    assert "Continue Banco Aurora" in page and "Another bank" in page


def test_without_unfinished_connections_a_bank_is_chosen(alice: User, as_alice: Client) -> None:
    create_item(alice)
    page = page_in_english(as_alice, "connect")
    assert "Choose your bank" in page
    assert "Another bank" not in page and "Continue Banco Aurora" not in page


def test_the_page_of_a_connection_offers_only_to_continue_it(alice: User, as_alice: Client) -> None:
    item = create_item(alice, status="LOGIN_ERROR")
    page = page_in_english(as_alice, "connect", item=str(item.id))
    assert f'data-connect="{item.id}"' in page
    assert "Another bank" not in page


# --- Returning from the bank's page -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("public_url", "is_sent"),
    [
        ("https://lume.example", True),
        ("https://lume.example:8443", True),
        ("https://8.8.8.8", True),
        ("http://lume.example", False),
        ("https://localhost", False),
        ("https://localhost:8000", False),
        ("https://LOCALHOST", False),
        ("https://lume.localhost", False),
        ("https://127.0.0.1", False),
        ("https://[::1]:8000", False),
        ("https://192.168.0.7", False),
    ],
)
def test_the_redirect_address_is_sent_if_pluggy_accepts_it(public_url: str, is_sent: bool) -> None:
    assert oauth_redirect_uri(public_url, "/back/") == (f"{public_url}/back/" if is_sent else "")


def test_the_token_has_the_redirect_address(as_alice: Client, pluggy: LocalPluggy, settings: Any) -> None:
    assert "oauthRedirectUri" not in options_of(token_of(as_alice))
    settings.PUBLIC_URL = "https://lume.example"
    token = token_of(as_alice)
    item_id = connect_in_widget(pluggy, token).json()["id"]
    redirect_uri = pluggy.api("GET", f"/items/{item_id}")["oauthRedirectUri"]
    assert redirect_uri == "https://lume.example" + reverse("connect_return")


def test_the_return_page_waits_for_a_bank_that_was_just_approved(alice: User, as_alice: Client) -> None:
    create_item(alice)
    item = create_item(alice, status="WAITING_USER_INPUT", collected_at=None)
    response = as_alice.get(reverse("connect_return"))
    assert response.context["connection"].item == item
    assert b"every 2s" in response.content
    assert str(item.id).encode() in response.content  # its state is asked for


def test_the_return_page_waits_for_an_item_that_is_not_known_yet(as_alice: Client) -> None:
    item_id = str(uuid.uuid4())
    response = as_alice.get(reverse("connect_return"), {"itemId": item_id})
    assert b"every 2s" in response.content and item_id.encode() in response.content
    for odd in ("", "x", "null"):
        assert as_alice.get(reverse("connect_return"), {"itemId": odd}).status_code == 200


def test_the_return_page_leads_to_the_data(alice: User, as_alice: Client) -> None:
    item = create_item(alice)
    item.sync.__class__.objects.update(synced_seq=item.sync.dirty_seq)
    url = reverse("connect_return")
    response = as_alice.get(url, {"itemId": str(item.id)})
    assert response.status_code == 302 and response["Location"] == reverse("overview")
    response = as_alice.get(url, {"itemId": str(item.id)}, headers={"HX-Request": "true"})
    assert response["HX-Redirect"] == reverse("overview")


def test_the_return_page_offers_to_continue_after_a_refusal(alice: User, as_alice: Client) -> None:
    item = create_item(
        alice, status="LOGIN_ERROR", execution_status="USER_AUTHORIZATION_NOT_GRANTED", collected_at=None
    )
    response = as_alice.get(reverse("connect_return"), {"item_id": str(item.id)})
    assert b"every 2s" not in response.content
    assert f"{reverse('connect')}?item={item.id}#open" in response.content.decode()


def test_the_return_page_shows_no_item_of_another_user(alice: User, as_bob: Client) -> None:
    item = create_item(alice, status="LOGIN_ERROR")
    page = as_bob.get(reverse("connect_return"), {"itemId": str(item.id)})
    assert page.context["connection"] is None
    assert b"Aurora" not in page.content


def test_a_return_is_read_by_the_claim(as_alice: Client, alice: User, pluggy: LocalPluggy) -> None:
    item = create_item(alice, status="WAITING_USER_INPUT", collected_at=None)
    item_id = pluggy.connect(alice.reference)
    Item.objects.filter(id=item.id).delete()
    post(as_alice, "claim", {"itemId": item_id})
    run_sync(Item.objects.get(id=UUID(item_id)))
    assert timezone.now() > Item.objects.get().read_at
    assert as_alice.get(reverse("connect_return"), {"itemId": item_id}).status_code == 302


# --- What is asked of a bank -------------------------------------------------------------------------------
def test_only_what_is_read_is_asked_of_a_bank(pluggy: LocalPluggy, as_alice: Client) -> None:
    asked = set(options_of(token_of(as_alice))["products"])
    assert asked == {
        *("ACCOUNTS", "CREDIT_CARDS", "TRANSACTIONS", "INVESTMENTS", "INVESTMENTS_TRANSACTIONS", "LOANS"),
        *("PAYMENT_DATA", "IDENTITY"),
    }
    headers = {"X-API-KEY": token_of(as_alice)}
    body = {"connectorId": 9004, "parameters": {"user": "user-ok", "password": "password-ok"}}
    answer = requests.post(f"{pluggy.url}/items", json=body, headers=headers, timeout=30)
    assert answer.json()["products"] == ["INVESTMENTS", "INVESTMENTS_TRANSACTIONS", "IDENTITY"]
