"""Limits of each user on costly work: edits, rules and exports. Who exceeds one reads until when to wait."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from banking.connections.models import Item
from banking.ledger.models import Rule, Transaction
from tests.factories import create_item_with_transactions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
LIMIT = 2  # a minute


@pytest.fixture(autouse=True)
def _limits(settings: Any) -> None:
    rates = dict.fromkeys(("edit", "bulk_edit", "rule", "export"), f"{LIMIT}/m/user")
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | rates


@pytest.fixture
def item(alice: User) -> Item:
    return create_item_with_transactions(alice, [{"amount": "-10.00", "description": "PADARIA"}])


def send(client: Client, work: str, **headers: str) -> Any:
    """Do some costly work."""
    transaction_id = Transaction.objects.values_list("id", flat=True)[0]
    if work == "export":
        return client.get(reverse("export_csv"), headers=headers)
    if work == "bulk edit":
        url = f"{reverse('bulk_edit')}?{urlencode({'month': '2026-11'})}"
        return client.post(url, {"transaction": [transaction_id], "hidden": "hide"}, headers=headers)
    if work == "rule":
        form = {"text": "PADARIA", "category": "11010000", "past": "on"}
        return client.post(reverse("new_rule"), form, headers=headers)
    url = reverse("transaction_category", args=[transaction_id])
    return client.post(url, {"category": "11010000"}, headers={"HX-Request": "true", **headers})


@pytest.mark.parametrize("work", ["edit", "bulk edit", "rule", "export"])
def test_who_does_too_much_waits(as_alice: Client, item: Item, work: str) -> None:
    for _ in range(LIMIT):
        assert send(as_alice, work).status_code < 400
    rules = Rule.objects.count()
    refused = send(as_alice, work)
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    assert Rule.objects.count() == rules


def test_one_kind_of_work_and_one_user_do_not_limit_others(
    as_alice: Client, as_bob: Client, item: Item
) -> None:
    for _ in range(LIMIT + 1):
        send(as_alice, "export")
    assert send(as_alice, "rule").status_code == 302
    assert send(as_bob, "export").status_code == 200


def test_reading_is_not_limited(as_alice: Client, item: Item) -> None:
    for name in ("new_rule", "rules", "transactions"):
        for _ in range(LIMIT + 1):
            assert as_alice.get(reverse(name)).status_code == 200


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "Wait a minute, then try again."), ("pt-BR", "Aguarde um minuto e tente de novo.")],
)
def test_the_page_says_how_long(as_alice: Client, item: Item, language: str, text: str) -> None:
    for _ in range(LIMIT):
        send(as_alice, "export")
    page = send(as_alice, "export", **{"Accept-Language": language}).content.decode()
    assert text in re.sub(r"\s+", " ", page)


def test_htmx_loads_the_page_with_the_message(as_alice: Client, item: Item) -> None:
    for _ in range(LIMIT):
        send(as_alice, "edit")
    refused = send(as_alice, "edit", **{"Accept-Language": "en"})
    assert (refused["HX-Refresh"], refused.content) == ("true", b"")
    page = as_alice.get(reverse("transactions"), headers={"Accept-Language": "en"}).content.decode()
    assert "Nothing was changed." in page
