"""The activity page: users see what happened to their own account, and nobody can hide it."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import security_log
from accounts.activity import PAGE_SIZE, activity_page
from accounts.models import SecurityEvent, User
from banking.connections.models import Item
from banking.ledger.models import Transaction
from tests.conftest import PASSWORD
from tests.factories import create_item_with_transactions
from tests.local_pluggy import LocalPluggy
from tests.signing_in import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
Code = SecurityEvent.Code


@pytest.fixture
def item(alice: User) -> Item:
    return create_item_with_transactions(alice, [{"amount": "-10.00", "description": "SEGREDO"}])


def page_of(client: Client, language: str = "en", **query: str) -> str:
    client.cookies["django_language"] = language
    response = client.get(reverse("activity"), query)
    assert response.status_code == 200
    return response.content.decode()


def codes(user: User) -> list[str]:
    return list(SecurityEvent.objects.of(user).order_by("at").values_list("code", flat=True))


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ("Signed in", "password", "Firefox on Linux", "203.0.113.0/24", "Not you?")),
        ("pt-br", ("Entrada na conta", "senha", "Firefox", "203.0.113.0/24", "Não foi você?")),
    ],
)
def test_the_page_says_what_happened_where_and_when(
    alice: User, language: str, texts: tuple[str, ...]
) -> None:
    client = Client(
        headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/150.0"}, REMOTE_ADDR="203.0.113.9"
    )
    client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    html = page_of(client, language)
    assert [text for text in texts if text not in html] == []
    assert all(
        reverse(name) in html for name in ("account_change_password", "usersessions_list", "mfa_index")
    )


@pytest.mark.parametrize("code", Code.values)
def test_every_event_can_be_shown(alice: User, bob: User, code: str) -> None:
    security_log.record(
        Code(code), user=alice, actor=bob, facts={"methods": ["totp"], "reason": "asked by mail"}
    )
    html = page_of(signed_in(alice))
    assert str(Code(code).label) in html
    assert "bob" not in html and "An administrator" in html


def test_pages_of_fifty(alice: User) -> None:
    at = timezone.now()
    SecurityEvent.objects.bulk_create(
        SecurityEvent(
            user=alice, code=Code.SIGNED_IN, at=at - timedelta(hours=number // 3), user_agent=f"{number}"
        )
        for number in range(2 * PAGE_SIZE + 1)
    )
    cursor, seen, sizes = "", [], []
    while True:
        page = activity_page(alice, cursor=cursor)
        seen += page.activities
        sizes.append(len(page.activities))
        cursor = page.next_cursor
        if not cursor:
            break
    assert sizes == [PAGE_SIZE, PAGE_SIZE, 1]
    assert [activity.at for activity in seen] == sorted((activity.at for activity in seen), reverse=True)
    assert len(seen) == 2 * PAGE_SIZE + 1
    client = signed_in(alice)
    assert 'rel="next"' in page_of(client)
    assert 'rel="next"' not in page_of(
        client, before=f"{at.isoformat()}_{uuid.UUID(int=0)}".replace("2026", "1970")
    )


@pytest.mark.parametrize(
    "cursor",
    ["x", "_", "2026-11-29_x", "2026-11-29T00:00:00_67ad2fe4-cd1e-429a-8ecd-4f400d3d0b82", "9" * 500],
)
def test_a_cursor_that_cannot_be_read_is_the_first_page(alice: User, cursor: str) -> None:
    security_log.record(Code.SIGNED_OUT, user=alice)
    assert "Signed out" in page_of(signed_in(alice), before=cursor)


def test_another_users_activity_is_not_shown(alice: User, as_bob: Client) -> None:
    security_log.record(Code.SIGNED_OUT, user=alice)
    assert "Signed out" not in page_of(as_bob)


def test_exports_and_disconnections_are_recorded(
    alice: User, as_alice: Client, item: Item, pluggy: LocalPluggy
) -> None:
    for name in ("export_csv", "export_xlsx"):
        assert b"".join(as_alice.get(reverse(name)))
    as_alice.post(reverse("disconnect", args=[item.id]))
    assert codes(alice) == [Code.EXPORTED, Code.EXPORTED, Code.CONNECTION_ENDED]
    assert "XLSX" in page_of(as_alice)


def test_an_id_of_another_user_is_recorded_like_one_that_nobody_has(
    alice: User, bob: User, item: Item
) -> None:
    """Nothing that is recorded or answered tells whether it exists."""
    client, foreign = signed_in(bob), Transaction.objects.get(user=alice).id
    recorded, answers = [], []
    for unknown in (foreign, uuid.uuid4()):
        answers.append(client.get(reverse("transaction", args=[unknown])))
        client.get(reverse("transactions"), {"account": str(unknown)})
        events = SecurityEvent.objects.of(bob).order_by("at")
        recorded.append(list(events.values_list("code", "facts"))[-2:])
    assert recorded[0] == recorded[1]
    assert recorded[0][0] == (Code.FOREIGN_ID_REFUSED, {"page": "transaction"})
    assert [answer.status_code for answer in answers] == [404, 404]
    assert not SecurityEvent.objects.of(alice).exists()


def test_a_page_that_nobody_has_is_no_event(as_bob: Client, bob: User) -> None:
    as_bob.get("/no/such/page/")
    Client().get(reverse("transaction", args=[uuid.uuid4()]))
    assert codes(bob) == []


def test_a_session_cannot_push_its_traces_out_of_sight(alice: User) -> None:
    security_log.record(Code.PASSWORD_CHANGED, user=alice)
    client = signed_in(alice)
    for _ in range(PAGE_SIZE):
        client.get(reverse("rule", args=[0]))
    assert codes(alice).count(Code.FOREIGN_ID_REFUSED) == 20
    assert "Password changed" in page_of(client)


def test_a_session_cannot_delete_its_traces(alice: User) -> None:
    """No page takes an event away: each method of the page, and each way to end the session or the devices."""
    client = signed_in(alice)
    security_log.record(Code.EXPORTED, user=alice)
    event = SecurityEvent.objects.get(code=Code.EXPORTED)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert client.generic(method, reverse("activity"), f"id={event.id}").status_code == 405
    client.post(reverse("usersessions_list"))
    client.post(reverse("account_logout"))
    assert codes(alice)[0] == Code.EXPORTED
    assert SecurityEvent.objects.filter(pk=event.pk, code=Code.EXPORTED).exists()
