"""A direct connection that ended leads to the bank's Open Finance connector, which the widget selects."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from banking.connections.actions import Bank, find_successor
from banking.connections.models import Connector, Item
from tests.factories import create_item
from tests.local_pluggy import AURORA, LocalPluggy
from tests.net_worth_helpers import page
from tests.sync_helpers import mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
SUCCESSOR = 9011


@pytest.fixture(autouse=True)
def no_cached_banks() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def bank(bank_id: int, name: str, *, is_open_finance: bool = True) -> Bank:
    return Bank(bank_id, name, is_open_finance, (), ())


def direct(name: str = "Banco Aurora", **columns: Any) -> Connector:
    return Connector(id=AURORA, name=name, **columns)


@pytest.mark.parametrize(
    ("offered", "expected"),
    [
        ([bank(5, "Banco Aurora")], 5),
        ([bank(5, "BANCO AURORA (Open Finance)"), bank(6, "Banco Ipê")], 5),
        ([bank(5, "Banco Aurora"), bank(6, "Banco Aurora PF")], None),  # not clear which one
        ([bank(5, "Banco Aurora Empresas")], None),
        ([bank(5, "Banco Aurora", is_open_finance=False)], None),
        ([bank(AURORA, "Banco Aurora", is_open_finance=False), bank(5, "Banco Aurora")], None),  # not ended
        ([], None),  # Pluggy did not answer
    ],
)
def test_successor(offered: list[Bank], expected: int | None) -> None:
    found = find_successor(direct(), offered)
    assert (found.id if found else None) == expected


def test_open_finance_and_unnamed_connectors_have_no_successor() -> None:
    assert find_successor(direct(is_open_finance=True), [bank(5, "Banco Aurora")]) is None
    assert find_successor(direct(name=""), [bank(5, ""), bank(6, "Open Finance")]) is None


def test_the_page_of_an_ended_connection_leads_to_the_widget_with_the_successor(
    alice: User, as_alice: Client, pluggy: LocalPluggy, connect: Callable[..., Item]
) -> None:
    item = connect(alice)
    assert "successor" not in page(as_alice, "connection", item.id)
    pluggy.control("POST", f"/connectors/{AURORA}/end")
    pluggy.wait_until_collected(str(item.id))
    mark_changed(item)
    run_sync(item)
    try:
        assert f"/connections/{item.id}/successor/" in page(as_alice, "connection", item.id)
        shown = page(as_alice, "successor", item.id)
        assert "Banco Aurora can now be connected only through Open Finance." in shown
        assert f"?bank={SUCCESSOR}#open" in shown
        widget = page(as_alice, "connect", bank=SUCCESSOR)
        assert config_of(widget)["connectorId"] == SUCCESSOR
        assert "Connect Banco Aurora" in widget
    finally:
        pluggy.control("DELETE", f"/connectors/{AURORA}/end")


@pytest.mark.parametrize("number", ["", "x", "77", "-1", "9" * 40])
def test_a_bank_that_is_not_offered_is_not_selected(
    number: str, pluggy: LocalPluggy, as_alice: Client
) -> None:
    assert config_of(page(as_alice, "connect", bank=number))["connectorId"] is None


def test_an_update_selects_no_bank(alice: User, pluggy: LocalPluggy, as_alice: Client) -> None:
    item = create_item(alice)
    assert config_of(page(as_alice, "connect", item=item.id, bank=AURORA))["connectorId"] is None


def test_without_pluggy_the_page_says_nothing(alice: User, as_alice: Client, pluggy: LocalPluggy) -> None:
    pluggy.fault("status", "^/connectors", status=500, body={}, times=None)
    item = create_item(alice, status="OUTDATED")
    assert "Open Finance" not in page(as_alice, "successor", item.id)
    pluggy.control("DELETE", "/faults")


def config_of(shown: str) -> dict[str, Any]:
    text = shown.partition('<script id="connect-config" type="application/json">')[2].partition("</script>")[
        0
    ]
    return dict(json.loads(text))
