"""Connections that wait for the user: pages show what is needed, since when, and how to continue."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.money.periods import Month
from banking.reports import connections
from tests.factories import create_item, create_item_with_transactions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


def test_the_connect_page_links_to_unfinished_connections(alice: User, as_alice: Client) -> None:
    item = create_item(alice, status="WAITING_USER_INPUT")
    url = f"{reverse('connect')}?item={item.id}"
    assert url in as_alice.get(reverse("connect")).content.decode()
    assert not as_alice.get(url).context["unfinished"]
    alice.items.update(status="UPDATED")
    assert url not in as_alice.get(reverse("connect")).content.decode()


def test_a_connection_whose_code_timed_out_links_to_the_sign_in(alice: User, as_alice: Client) -> None:
    item = create_item(alice, status="OUTDATED", execution_status="USER_INPUT_TIMEOUT")
    page = as_alice.get(reverse("connections")).content.decode()
    assert f"{reverse('connect')}?item={item.id}" in page
    assert reverse("refresh", args=[item.id]) not in page
    alice.items.update(collected_at=None)  # it was never read, so it is unfinished
    assert f"{reverse('connect')}?item={item.id}" in as_alice.get(reverse("connect")).content.decode()


def test_a_pending_approval_is_shown_once(alice: User, as_alice: Client) -> None:
    create_item(alice, status="OUTDATED", execution_status="USER_AUTHORIZATION_PENDING")
    page = as_alice.get(reverse("connections")).content.decode()
    assert page.count("continua automaticamente") == 1


def test_a_connection_that_was_never_read_shows_no_last_update(alice: User, as_alice: Client) -> None:
    item = create_item(alice, status="WAITING_USER_INPUT", collected_at=None)
    alice.items.update(bank_updated_at=timezone.now())
    item.sync.synced_at = timezone.now()  # a sync ended without anything to read
    item.sync.save()
    page = as_alice.get(reverse("connection", args=[item.id])).content.decode()
    assert "Última atualização<" not in page and "Desde<" in page


def test_a_broker_without_accounts_counts_as_read_and_has_an_explanation(
    alice: User, as_alice: Client
) -> None:
    create_item(alice, collected_at=timezone.now())
    assert connections.connections_of(alice)[0].was_read
    page = as_alice.get(reverse("overview"))
    assert "banking/overview/overview.html" in [template.name for template in page.templates]
    assert "não enviou contas nem cartões" in page.content.decode()


def test_the_months_continue_to_the_newest_transaction(alice: User, as_alice: Client) -> None:
    this_month = Month.of(timezone.localdate())
    create_item(alice, collected_at=timezone.now())
    assert as_alice.get(reverse("overview")).context["stepper"]["next"] is None
    installment = {"date": f"{(this_month + 1).last}T12:00:00Z", "amount": "-5.00", "categoryId": "11010000"}
    create_item_with_transactions(alice, [installment])
    assert str(this_month + 1) in as_alice.get(reverse("overview")).context["stepper"]["next"]
    ahead = as_alice.get(reverse("overview"), {"month": str(this_month + 1)})
    assert ahead.context["stepper"]["next"] is None
