"""A connection that waits for the person: said in words, since when, with the way to go on."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.periods import Month
from banking.reports import connections
from tests.payloads import bound_item
from tests.rows import store_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


def test_choosing_a_bank_names_what_was_begun_and_how_to_go_on(alice: User, as_alice: Client) -> None:
    item = bound_item(alice, status="WAITING_USER_INPUT")
    address = f"{reverse('connect')}?item={item.id}"
    assert address in as_alice.get(reverse("connect")).content.decode()
    assert not as_alice.get(address).context["unfinished"]
    alice.items.update(status="UPDATED")
    assert address not in as_alice.get(reverse("connect")).content.decode()


def test_a_code_that_nobody_entered_leads_to_the_sign_in(alice: User, as_alice: Client) -> None:
    item = bound_item(alice, status="OUTDATED", execution_status="USER_INPUT_TIMEOUT")
    page = as_alice.get(reverse("connections")).content.decode()
    assert f"{reverse('connect')}?item={item.id}" in page
    assert reverse("refresh", args=[item.id]) not in page
    alice.items.update(collected_at=None)  # a first one: the bank would say that it is connected
    assert f"{reverse('connect')}?item={item.id}" in as_alice.get(reverse("connect")).content.decode()


def test_an_approval_that_is_awaited_is_said_once(alice: User, as_alice: Client) -> None:
    bound_item(alice, status="OUTDATED", execution_status="USER_AUTHORIZATION_PENDING")
    page = as_alice.get(reverse("connections")).content.decode()
    assert page.count("segue sozinho") == 1


def test_what_was_never_read_has_no_last_reading(alice: User, as_alice: Client) -> None:
    item = bound_item(alice, status="WAITING_USER_INPUT", collected_at=None)
    alice.items.update(bank_updated_at=timezone.now())
    item.sync.synced_at = timezone.now()  # a run has looked, and there was nothing
    item.sync.save()
    page = as_alice.get(reverse("connection", args=[item.id])).content.decode()
    assert "Última leitura<" not in page and "Desde<" in page


def test_a_broker_without_accounts_is_read_and_has_words_in_its_place(alice: User, as_alice: Client) -> None:
    bound_item(alice, collected_at=timezone.now())
    assert connections.connections(alice)[0].was_read
    page = as_alice.get(reverse("overview"))
    assert "banking/overview.html" in [template.name for template in page.templates]
    assert "não enviou contas nem cartões" in page.content.decode()


def test_the_months_go_on_to_the_newest_row(alice: User, as_alice: Client) -> None:
    this_month = Month.of(timezone.localdate())
    bound_item(alice, collected_at=timezone.now())
    assert as_alice.get(reverse("overview")).context["stepper"]["next"] is None
    instalment = {"date": f"{(this_month + 1).last}T12:00:00Z", "amount": "-5.00", "categoryId": "11010000"}
    store_rows(alice, [instalment])
    assert str(this_month + 1) in as_alice.get(reverse("overview")).context["stepper"]["next"]
    ahead = as_alice.get(reverse("overview"), {"month": str(this_month + 1)})
    assert ahead.context["stepper"]["next"] is None
