"""Known problems at banks and what each bank sends, in words: before connecting and on a connection."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import User
from banking.connections.incidents import read_incidents, started_at
from banking.connections.models import Connector, Item
from banking.web.labels.connections import INCIDENTS, incident_text
from banking.web.templatetags.connections import sent_products, unsent_products
from tests.factories import create_item
from tests.local_pluggy import AURORA, LocalPluggy
from tests.sync_helpers import mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture(autouse=True)
def in_english(as_alice: Client) -> None:
    as_alice.cookies["django_language"] = "en"
    cache.clear()


def incident(**changes: Any) -> dict[str, Any]:
    body = {
        "id": "1", "title": "T", "type": "TRANSACTIONS_MISSING", "product": "dados", "kind": "INCIDENT",
        "severity": "DEGRADED", "state": "INVESTIGATING", "startedAt": "2026-11-27T13:00:00.000Z",
    }  # fmt: skip
    return body | changes


# --- Reading ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        7,
        {},
        [None],
        ["x"],
        [[]],
        [{}],
        [{"type": None}],
        [incident(product="pis")],
        [incident(product="smart")],
    ],
)
def test_what_is_no_incident_about_data_is_left_out(value: object) -> None:
    assert read_incidents(value) == []


@pytest.mark.parametrize(
    "start", [None, "", "yesterday", 7, [], "0001-01-01T00:00:00Z", "2026-13-45", "9999-99"]
)
def test_an_incident_without_a_usable_start_is_kept(start: object) -> None:
    [stored] = read_incidents([incident(startedAt=start)])
    assert started_at(stored) is None


@pytest.mark.parametrize("start", ["2026-11-27", "2026-11-27T13:00:00", "2026-11-27T13:00:00-03:00"])
def test_a_start_in_another_form_is_read(start: str) -> None:
    [stored] = read_incidents([incident(startedAt=start)])
    began = started_at(stored)
    assert began is not None and began.tzinfo is not None and began.day == 27


def test_each_type_has_a_text_and_unknown_ones_too() -> None:
    for name, text in INCIDENTS.items():
        assert incident_text(read_incidents([incident(type=name)])[0]) == str(text)
    for changes in ({"type": "NEW"}, {"type": None}, {"type": 3}):
        assert incident_text(read_incidents([incident(**changes)])[0])


def test_planned_maintenance_is_not_told_as_an_outage() -> None:
    [planned] = read_incidents(
        [incident(type="SCHEDULED_MAINTENANCE", kind="MAINTENANCE", state="SCHEDULED")]
    )
    assert "planned maintenance" in incident_text(planned) or "programada" in incident_text(planned)


def test_coverage_is_told_for_our_products_only() -> None:
    names = ["ACCOUNTS", "TRANSACTIONS", "EXCHANGE_OPERATIONS", "BROKERAGE_NOTE", "NEW"]
    assert sent_products(names).count(",") == 1
    assert unsent_products(names).count(",") == 3
    assert unsent_products([]) == ""


# --- Pages -----------------------------------------------------------------------------------------------
def test_the_page_of_banks_tells_problems_and_products(as_alice: Client, pluggy: LocalPluggy) -> None:
    pluggy.control("POST", f"/connectors/{AURORA}/status", status="OFFLINE")
    page = as_alice.get(reverse("banks")).content.decode()
    assert "Known problems at banks" in page
    assert "be connected or updated at the moment." in page
    assert "Accounts, Cards and bills" in page
    pluggy.control("POST", f"/connectors/{AURORA}/status", status="ONLINE")
    cache.clear()
    assert "Known problems" not in as_alice.get(reverse("banks")).content.decode()


def test_odd_banks_and_an_unreachable_pluggy_are_no_error(as_alice: Client, pluggy: LocalPluggy) -> None:
    good = pluggy.api("GET", f"/connectors/{AURORA}") | {"productCoverage": ["ACCOUNTS"]}
    values: list[Any] = [None, "ACCOUNTS", 7, {}, [None, 3]]
    odd = [good | {"productCoverage": value, "health": None} for value in values]
    results = [*odd, good, {"id": "x"}, None, good | {"health": {"status": "ONLINE", "incidents": {"a": 1}}}]
    pluggy.fault("status", "^/connectors", status=200, body={"results": results})
    page = as_alice.get(reverse("banks"))
    assert page.status_code == 200 and b"Not sent: Cards and bills" in page.content
    cache.clear()
    pluggy.fault("status", "^/connectors", status=503, times=None)
    assert as_alice.get(reverse("banks")).status_code == 200


def test_a_connection_tells_the_problems_of_its_bank(
    alice: User, as_alice: Client, pluggy: LocalPluggy, connect: Callable[..., Item]
) -> None:
    item = connect(alice)
    pluggy.control("POST", f"/connectors/{AURORA}/status", status="UNSTABLE")
    mark_changed(item)
    run_sync(item)
    for url in (reverse("connection", args=[item.id]), reverse("connections")):
        assert "may fail at the moment." in as_alice.get(url).content.decode()
    pluggy.control("POST", f"/connectors/{AURORA}/status", status="ONLINE")
    mark_changed(item)
    run_sync(item)
    assert "may fail at the moment." not in as_alice.get(reverse("connections")).content.decode()


def test_a_connection_tells_what_its_bank_never_sends(alice: User, as_alice: Client) -> None:
    item = create_item(alice)
    Connector.objects.update(product_coverage=["ACCOUNTS", "CREDIT_CARDS", "TRANSACTIONS"])
    page = as_alice.get(reverse("connection", args=[item.id])).content.decode()
    assert "Not sent: Investments, Investment transactions, Loans" in page
