"""Webhooks that are registered for single events: they are ours, and no second registration is made beside them."""

from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from banking.connections.models import Alert
from tests.local_pluggy import LocalPluggy
from webhooks import tasks
from webhooks.event_names import ITEM_EVENTS, NEEDED_EVENTS, TRANSACTION_EVENTS, not_covered
from webhooks.secrets import SECRET_HEADER

pytestmark = pytest.mark.django_db
OURS = settings.PUBLIC_URL + "/webhooks/pluggy"
HEADERS = {SECRET_HEADER: settings.PLUGGY_WEBHOOK_SECRET}


def register(pluggy: LocalPluggy, *events: str, url: str = OURS, **more: Any) -> None:
    for event in events:
        pluggy.api("POST", "/webhooks", json={"url": url, "event": event, "headers": HEADERS} | more)


def registered(pluggy: LocalPluggy) -> list[tuple[str, str]]:
    webhooks = pluggy.api("GET", "/webhooks")["results"]
    return sorted((webhook["url"], webhook["event"]) for webhook in webhooks)


@pytest.mark.parametrize(
    "events", [sorted(NEEDED_EVENTS), ["item/all", *TRANSACTION_EVENTS], [*NEEDED_EVENTS, "boleto/updated"]]
)
def test_single_events_that_cover_everything_are_a_correct_registration(
    pluggy: LocalPluggy, events: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    register(pluggy, *events)
    before = registered(pluggy)
    call_command("register_webhook", "--check")
    call_command("register_webhook")
    assert registered(pluggy) == before
    assert "registered correctly" in capsys.readouterr().out
    tasks.check_registration()
    assert not Alert.objects.exists()


@pytest.mark.parametrize("events", [["item/updated"], ["item/all"], sorted(TRANSACTION_EVENTS)])
def test_missing_events_are_named_and_repaired_without_a_second_webhook(
    pluggy: LocalPluggy, events: list[str]
) -> None:
    register(pluggy, *events)
    missing = "transactions/created" if "item" in events[0] else "item/created"
    with pytest.raises(CommandError, match=f"some of the events only .*{missing}"):
        call_command("register_webhook", "--check")
    call_command("register_webhook", verbosity=0)
    assert len(registered(pluggy)) == len(events)
    assert (OURS, "all") in registered(pluggy)
    call_command("register_webhook", "--check")
    call_command("register_webhook", verbosity=0)
    assert len(registered(pluggy)) == len(events)


def test_the_hourly_check_reports_missing_events_and_changes_nothing(pluggy: LocalPluggy) -> None:
    register(pluggy, "item/updated")
    tasks.check_registration()
    assert "some of the events only" in Alert.objects.active().get().detail
    assert registered(pluggy) == [(OURS, "item/updated")]


def test_a_disabled_single_event_is_enabled_again(pluggy: LocalPluggy) -> None:
    register(pluggy, *NEEDED_EVENTS)
    webhook = pluggy.api("GET", "/webhooks")["results"][3]
    pluggy.api("PATCH", f"/webhooks/{webhook['id']}", json={"enabled": False})
    before = registered(pluggy)
    tasks.check_registration()
    assert "enabled again" in Alert.objects.active().get().detail
    assert registered(pluggy) == before
    assert {webhook["disabledAt"] for webhook in pluggy.api("GET", "/webhooks")["results"]} == {None}


def test_a_single_event_without_our_secret_gets_it(pluggy: LocalPluggy) -> None:
    register(pluggy, *sorted(NEEDED_EVENTS)[1:])
    register(pluggy, sorted(NEEDED_EVENTS)[0], headers={"X-Other": "1"})
    with pytest.raises(CommandError, match="without our secret"):
        call_command("register_webhook", "--check")
    call_command("register_webhook", verbosity=0)
    headers = [webhook["headers"] for webhook in pluggy.api("GET", "/webhooks")["results"]]
    assert all(HEADERS.items() <= sent.items() for sent in headers)
    assert {"X-Other": "1"} | HEADERS in headers


def test_a_webhook_for_all_events_is_enough_beside_single_ones(pluggy: LocalPluggy) -> None:
    register(pluggy, "item/updated", "all")
    call_command("register_webhook", "--check")
    call_command("register_webhook", verbosity=0)
    assert registered(pluggy) == [(OURS, "all"), (OURS, "item/updated")]


def test_single_events_of_another_address_are_not_ours(pluggy: LocalPluggy) -> None:
    other = "http://localhost:8999/other"
    register(pluggy, "item/updated", url=other)
    with pytest.raises(CommandError, match="not registered"):
        call_command("register_webhook", "--check")
    call_command("register_webhook", verbosity=0)
    assert registered(pluggy) == [(OURS, "all"), (other, "item/updated")]


def test_what_subscriptions_cover() -> None:
    assert not_covered(["all"]) == not_covered(["item/all", *TRANSACTION_EVENTS]) == frozenset()
    assert not_covered(["item/all"]) == frozenset(TRANSACTION_EVENTS)
    assert not_covered(TRANSACTION_EVENTS) == ITEM_EVENTS
    assert not_covered(["payment_intent/created"]) == not_covered([]) == NEEDED_EVENTS
