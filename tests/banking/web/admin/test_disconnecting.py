"""Disconnect in the admin: at Pluggy first, then here; logged; only with the permission."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests
from django.contrib.admin.models import DELETION, LogEntry
from django.test import Client
from django.urls import reverse

from accounts.models import User
from banking.connections.models import Item
from banking.ledger.models import Account, Transaction
from banking.web import tasks
from tests.local_pluggy import LocalPluggy
from tests.signing_in import add_second_factor
from tests.staff import page, sign_in_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
PERMISSIONS = ("view_item", "delete_item", "view_user", "view_event")


@pytest.fixture
def item(alice: User, connect: Callable[..., Item]) -> Item:
    return connect(alice)


@pytest.fixture
def operator(db: None) -> Client:
    return sign_in_staff("operator@example.com", *PERMISSIONS)


def disconnect_url(item: Item) -> str:
    return reverse("admin:connections_item_disconnect", args=[item.id])


def exists_at_pluggy(pluggy: LocalPluggy, item: Item) -> bool:
    answer = requests.get(f"{pluggy.url}/items/{item.id}", headers={"X-API-KEY": pluggy._key()}, timeout=30)
    assert answer.status_code in (200, 404)
    return answer.ok


def test_a_connection_is_deleted_at_pluggy_and_here(
    item: Item, bob: User, connect: Callable[..., Item], operator: Client, pluggy: LocalPluggy
) -> None:
    other = connect(bob)
    html = page(operator, disconnect_url(item))
    assert "a•••@e•••.com" in html and "cannot be undone" in html
    assert exists_at_pluggy(pluggy, item)  # the page alone does nothing
    response = operator.post(disconnect_url(item), follow=True)
    assert "Disconnected" in response.content.decode()
    assert response.redirect_chain[-1][0] == reverse("admin:webhooks_user_status", args=[item.user_id])
    assert not exists_at_pluggy(pluggy, item) and exists_at_pluggy(pluggy, other)
    assert not Account.objects.filter(item_id=item.id).exists()
    assert set(Transaction.objects.values_list("account__item_id", flat=True)) == {other.id}


def test_it_is_logged_who_did_it_and_for_whom(item: Item, operator: Client) -> None:
    operator.post(disconnect_url(item))
    entry = LogEntry.objects.get()
    assert (entry.user.email, entry.action_flag) == ("operator@example.com", DELETION)
    assert (entry.object_id, str(item.id) in entry.object_repr) == (str(item.id), True)
    assert entry.change_message == f"disconnected at the request of user {item.user_id}"


def test_nothing_is_erased_before_pluggy_has_deleted_it(
    item: Item, operator: Client, pluggy: LocalPluggy
) -> None:
    """The connection is marked, the action is logged once, and the task finishes it."""
    pluggy.fault("status", f"/items/{item.id}", method="DELETE", status=503, times=None)
    html = operator.post(disconnect_url(item), follow=True).content.decode()
    assert "as soon as Pluggy responds" in html and "Pluggy has not confirmed it" in html
    assert Transaction.objects.filter(account__item=item).exists()
    assert LogEntry.objects.count() == 1
    pluggy.control("DELETE", "/faults")
    tasks.finish_disconnections()
    assert not exists_at_pluggy(pluggy, item)
    assert not Item.objects.filter(id=item.id).exists()


def test_pressing_twice_is_no_error(item: Item, operator: Client) -> None:
    operator.post(disconnect_url(item))
    for send in (operator.post, operator.get):
        response = send(disconnect_url(item), follow=True)
        assert response.status_code == 200
        assert "no longer exists" in response.content.decode()
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("missing", ["view_item", "delete_item"])
def test_without_the_permission_there_is_no_button_and_no_way(item: Item, missing: str) -> None:
    permissions = [permission for permission in PERMISSIONS if permission != missing]
    viewer = sign_in_staff("viewer@example.com", *permissions)
    for send in (viewer.get, viewer.post):
        assert send(disconnect_url(item)).status_code == 403
    assert Item.objects.get(id=item.id).disconnected_at is None
    if missing == "delete_item":
        for name, key in (("webhooks_user_status", item.user_id), ("webhooks_item_timeline", item.id)):
            assert "Disconnect" not in page(viewer, reverse(f"admin:{name}", args=[key]))
    assert not LogEntry.objects.exists()


def test_the_button_is_on_the_pages_of_user_and_connection(item: Item, operator: Client) -> None:
    for name, key in (("webhooks_user_status", item.user_id), ("webhooks_item_timeline", item.id)):
        assert disconnect_url(item) in page(operator, reverse(f"admin:{name}", args=[key]))


def test_users_and_strangers_cannot_disconnect_in_the_admin(item: Item, as_alice: Client) -> None:
    for client in (as_alice, Client()):
        assert client.post(disconnect_url(item)).status_code == 302
    assert Item.objects.get(id=item.id).disconnected_at is None


def test_a_token_is_needed(item: Item) -> None:
    strict = Client(enforce_csrf_checks=True)
    administrator = User.objects.create_superuser("root@example.com", "x")
    add_second_factor(administrator)
    strict.force_login(administrator)
    assert strict.post(disconnect_url(item)).status_code == 403


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(item: Item, operator: Client, method: str) -> None:
    assert getattr(operator, method)(disconnect_url(item)).status_code == 405


def test_an_unknown_connection_is_said(operator: Client) -> None:
    url = reverse("admin:connections_item_disconnect", args=[uuid.uuid4()])
    response: Any = operator.get(url, follow=True)
    assert "no longer exists" in response.content.decode()
