"""An update that Pluggy refuses for a while: the message says when it is possible again."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item
from banking.pluggy import Refused
from banking.web.labels.connections import refusal_text
from tests.factories import create_item
from tests.local_pluggy import LocalPluggy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
NOW = datetime(2026, 11, 28, 15, 0, tzinfo=UTC)  # 12:00 in São Paulo
TOO_SOON = "CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY"
TOO_OFTEN = "TOO_MANY_CONSECUTIVE_LOGIN_FAILURES"


def message(client: Client, item: Item, language: str = "en") -> str:
    """Ask for an update and return the message."""
    client.cookies["django_language"] = language
    answer = client.post(reverse("refresh", args=[item.id]), follow=True)
    (only,) = answer.context["messages"]
    assert str(only) in answer.content.decode().replace("&#x27;", "'")
    return str(only)


def local_time(instant: datetime) -> str:
    """Return the time of day at which the next whole minute begins, in São Paulo."""
    minute = instant + timedelta(seconds=-instant.second % 60, microseconds=-instant.microsecond)
    return minute.astimezone(ZoneInfo("America/Sao_Paulo")).strftime("%H:%M")


def test_an_update_soon_after_another_says_when(
    alice: User, as_alice: Client, pluggy: LocalPluggy, connect: Any
) -> None:
    item = connect(alice)
    pluggy.control("POST", "/update-floor", hours=6)
    updated_at = datetime.fromisoformat(pluggy.api("GET", f"/items/{item.id}")["lastUpdatedAt"])
    expected = local_time(updated_at + timedelta(hours=6))
    english, portuguese = message(as_alice, item), message(as_alice, item, "pt-br")
    assert english.startswith("This was updated recently. You can update again ") and expected in english
    assert expected in portuguese and "Você pode atualizar de novo" in portuguese
    pluggy.control("POST", "/update-floor", hours=0)
    assert message(as_alice, item) == "Updating from your bank."


def test_repeated_wrong_sign_ins_say_when(alice: User, as_alice: Client, pluggy: LocalPluggy) -> None:
    item = create_item(alice)
    retry_at = timezone.now() + timedelta(minutes=7)
    data = {"canRetryAfterDate": retry_at.isoformat(), "maxConsecutiveFailedLoginAttempts": 2}
    body = {"code": 400, "codeDescription": TOO_OFTEN, "message": "wait", "data": data}
    pluggy.fault("status", f"^/items/{item.id}", method="PATCH", status=400, body=body)
    text = message(as_alice, item)
    assert "The bank refused several times." in text and local_time(retry_at) in text


def text_of(data: Any, *, code: str = TOO_SOON, status: int = 409) -> str:
    return refusal_text(Refused(status, code, "no", data), now=NOW)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"canRetryAfterDate": "2026-11-28T17:10:00.000Z"}, "at 14:10"),
        ({"canRetryAfterDate": "2026-11-28T17:09:00.001Z"}, "at 14:10"),
        ({"canRetryAfterDate": "2026-11-28T14:10:00-03:00"}, "at 14:10"),
        ({"canRetryAfterDate": "2026-11-28T17:10:00"}, "at 14:10"),
        ({"lastUpdatedAt": "2026-11-28T11:10:00.000Z", "minUpdateFrequencyAllowedInHours": 6}, "at 14:10"),
        ({"lastUpdatedAt": "2026-11-28T16:40:00.000Z", "minUpdateFrequencyAllowedInHours": 0.5}, "at 14:10"),
        ({"canRetryAfterDate": "2026-11-29T02:59:00Z"}, "at 23:59"),
        ({"canRetryAfterDate": "2026-11-29T03:00:00Z"}, "on 29 Nov 2026 at 00:00"),
        ({"canRetryAfterDate": "2026-11-28T17:10:00Z", "lastUpdatedAt": 7}, "at 14:10"),
    ],
)
def test_the_time_is_shown_in_the_local_time_zone(data: Any, expected: str) -> None:
    assert text_of(data) == f"This was updated recently. You can update again {expected}."


@pytest.mark.parametrize(
    "data",
    [
        None, "soon", 7, [], {}, {"canRetryAfterDate": None}, {"canRetryAfterDate": ""},
        {"canRetryAfterDate": "tomorrow"}, {"canRetryAfterDate": 1764349800},
        {"canRetryAfterDate": "9999-12-31T23:59:59Z"}, {"canRetryAfterDate": "2026-13-40T00:00:00Z"},
        {"canRetryAfterDate": "2026-11-28T15:00:00Z"}, {"canRetryAfterDate": "2020-01-01T00:00:00Z"},
        {"lastUpdatedAt": "2026-11-28T14:00:00Z"}, {"minUpdateFrequencyAllowedInHours": 6},
        {"lastUpdatedAt": "2026-11-28T14:00:00Z", "minUpdateFrequencyAllowedInHours": "6"},
        {"lastUpdatedAt": "2026-11-28T14:00:00Z", "minUpdateFrequencyAllowedInHours": True},
        {"lastUpdatedAt": "2026-11-28T14:00:00Z", "minUpdateFrequencyAllowedInHours": -6},
        {"lastUpdatedAt": "2026-11-28T14:00:00Z", "minUpdateFrequencyAllowedInHours": 1e300},
        {"lastUpdatedAt": None, "minUpdateFrequencyAllowedInHours": None},
    ],
)  # fmt: skip
def test_without_a_time_to_come_the_user_is_told_to_try_later(data: Any) -> None:
    assert text_of(data) == "This was updated recently. Try again later."


def test_an_unknown_refusal_with_a_time_says_it() -> None:
    data = {"canRetryAfterDate": "2026-11-28T17:10:00.000Z"}
    assert text_of(data, code="NEW").endswith("You can update again at 14:10.")
    assert text_of(None, code="NEW").endswith("Try again later.")


@pytest.mark.parametrize("data", [None, "x", 5, [1], {"canRetryAfterDate": [1]}, {"a": {"b": None}}])
def test_odd_details_of_a_refusal_cost_nothing(
    data: Any, alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    item = create_item(alice)
    body = {"code": 409, "codeDescription": "ITEM_IS_ALREADY_UPDATING", "message": "no", "data": data}
    pluggy.fault("status", f"^/items/{item.id}", method="PATCH", status=409, body=body)
    assert message(as_alice, item) == "An update is already in progress."
