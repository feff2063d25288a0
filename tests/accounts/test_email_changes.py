"""One address at a time: the page, and the link by which the old address takes the account back."""

import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import email_changes, row_security
from accounts.models import EmailChange, SecurityEvent, User
from accounts.tasks import forget_email_changes
from tests.conftest import PASSWORD
from tests.mails import deliver, deliver_one, path_in
from tests.signing_in import add_second_factor, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fast_hashing")]

OLD, NEW, NEWER = "alice@example.com", "thief@example.net", "thief.too@example.net"
NEW_PASSWORD = "tamanco girafa nuvem sete"


@pytest.fixture(autouse=True)
def _product(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


@pytest.fixture
def thief(alice: User) -> Client:
    """A client that is signed in to alice's account."""
    EmailAddress.objects.create(user=alice, email=OLD, verified=True, primary=True)
    client = Client()
    client.post(reverse("account_login"), {"login": OLD, "password": PASSWORD})
    return client


def change_address(client: Client, new: str) -> None:
    """Ask for a new address and open the link that is sent to it."""
    assert client.post(reverse("account_email"), {"action_add": "", "email": new}).status_code == 302
    assert client.post(path_in(deliver_one(), "/confirm-email/")).status_code == 302


def undo_link(client: Client, new: str = NEW) -> str:
    """Change the address; return the path of the link that the old address gets."""
    change_address(client, new)
    return path_in(next(sent for sent in deliver() if "/undo/" in sent.body), "/undo/")


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("preferences")).status_code == 200


# --- Undo ----------------------------------------------------------------------------------------------


def test_both_addresses_are_told_and_only_the_old_one_can_undo(thief: Client) -> None:
    change_address(thief, NEW)
    sent = {message.to[0]: message.body for message in deliver()}
    assert set(sent) == {OLD, NEW}
    assert "/undo/" in sent[OLD]
    assert "/undo/" not in sent[NEW]
    for body in sent.values():
        assert OLD in body and NEW in body


def test_the_old_address_takes_the_account_back(thief: Client, alice: User) -> None:
    link = undo_link(thief)
    owner = Client()
    assert OLD in owner.get(link).content.decode()
    alice.refresh_from_db()
    assert alice.email == NEW  # mail programs open links to look at them

    response = owner.post(link)

    alice.refresh_from_db()
    assert alice.email == OLD
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [(OLD, True, True)]
    assert not is_signed_in(thief)
    assert not UserSession.objects.exists()
    thief.post(reverse("account_login"), {"login": OLD, "password": PASSWORD})
    assert not is_signed_in(thief)
    page = owner.get(response["Location"])
    owner.post(page["Location"], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    owner.post(reverse("account_login"), {"login": OLD, "password": NEW_PASSWORD})
    assert is_signed_in(owner)
    assert {sent.to[0] for sent in deliver()} == {OLD, NEW}
    assert SecurityEvent.objects.filter(code="email changed", user=alice, facts={"undone": True}).count() == 1


def test_the_link_works_once(thief: Client, alice: User) -> None:
    link = undo_link(thief)
    assert Client().post(link).status_code == 302
    deliver()
    alice.refresh_from_db()
    alice.set_password(PASSWORD)
    alice.save()
    change_address(signed_in(alice), NEWER)
    for method in ("get", "post"):
        assert getattr(Client(), method)(link).status_code == 410
    alice.refresh_from_db()
    assert alice.email == NEWER


def test_the_link_works_for_a_week(thief: Client, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    link = undo_link(thief)
    day = 24 * 3600
    now = time.time()
    with monkeypatch.context() as clock:
        clock.setattr(time, "time", lambda: now + 6.9 * day)
        assert Client().get(link).status_code == 200
        clock.setattr(time, "time", lambda: now + 7.1 * day)
        assert Client().post(link).status_code == 410
    EmailChange.objects.update(changed_at=timezone.now() - timedelta(days=7, minutes=1))
    assert Client().post(link).status_code == 410
    alice.refresh_from_db()
    assert alice.email == NEW
    forget_email_changes()
    assert not EmailChange.objects.exists()


@pytest.mark.parametrize(
    "token",
    ["x", "x:y:z", signing.dumps(["x", 1]), signing.dumps(["x", 1], salt="other")],
    ids=["text", "parts", "without salt", "other salt"],
)
def test_a_forged_link_is_refused(token: str) -> None:
    url = reverse("undo_email_change", args=[token])
    assert Client().get(url).status_code == 410
    assert Client().post(url).status_code == 410


def test_a_link_of_one_user_does_nothing_for_another(thief: Client, alice: User, bob: User) -> None:
    undo_link(thief)
    change = EmailChange.objects.get()
    forged = signing.dumps([str(change.id), bob.pk], salt=email_changes.SALT)  # even if we had signed it
    assert Client().post(reverse("undo_email_change", args=[forged])).status_code == 410
    for user, count in ((alice, 1), (bob, 0)):
        with row_security.for_user(user.pk):
            assert EmailChange.objects.count() == count


def test_a_second_change_does_not_save_the_thief(thief: Client, alice: User) -> None:
    link = undo_link(thief)
    change_address(thief, NEWER)
    links_to_thief = [path_in(sent, "/undo/") for sent in deliver() if sent.to == [NEW]]
    assert Client().post(link).status_code == 302
    alice.refresh_from_db()
    assert alice.email == OLD
    assert {sent.to[0] for sent in deliver()} == {OLD, NEWER}
    assert [Client().post(other).status_code for other in links_to_thief] == [410]


def test_second_factors_of_the_thief_are_removed_but_not_those_of_the_owner(
    thief: Client, alice: User
) -> None:
    add_second_factor(alice)
    Authenticator.objects.update(created_at=timezone.now() - timedelta(days=30))
    passkey = {"user": alice, "type": Authenticator.Type.WEBAUTHN, "data": {}}
    before = Authenticator.objects.create(**passkey, created_at=timezone.now() - timedelta(hours=3))
    link = undo_link(thief)
    after = Authenticator.objects.create(**passkey)
    Client().post(link)
    left = Authenticator.objects.values_list("type", flat=True)
    assert list(left) == ["totp"]
    assert before.pk and after.pk


def test_an_account_that_nobody_opened_does_not_hold_the_address(thief: Client, alice: User) -> None:
    """The thief signs up with the old address, so that it would be taken."""
    link = undo_link(thief)
    Client().post(reverse("account_signup"), {"email": OLD, "password1": NEW_PASSWORD})
    assert User.objects.filter(email=OLD).exclude(pk=alice.pk).exists()
    assert Client().post(link).status_code == 302
    assert User.objects.get(email=OLD) == alice


def test_an_account_that_its_owner_confirmed_keeps_the_address(thief: Client, alice: User, bob: User) -> None:
    link = undo_link(thief)
    User.objects.filter(pk=bob.pk).update(email=OLD)
    EmailAddress.objects.create(user=bob, email=OLD, verified=True, primary=True)
    assert Client().post(link).status_code == 410
    assert User.objects.get(email=OLD) == bob


def test_links_for_a_new_password_that_the_thief_asked_for_end(thief: Client, alice: User) -> None:
    link = undo_link(thief)
    Client().post(reverse("account_reset_password"), {"email": NEW})
    reset_link = path_in(deliver_one(), "/reset/key/")
    assert Client().get(reset_link).status_code == 302
    Client().post(link)
    assert Client().get(reset_link).status_code == 200  # the page that says that it does not work


# --- The page ------------------------------------------------------------------------------------------


def page(client: Client) -> str:
    return client.get(reverse("account_email"), headers={"accept-language": "en"}).content.decode()


def test_the_page_shows_one_address_and_the_one_that_is_to_replace_it(thief: Client, alice: User) -> None:
    assert page(thief).count("@example") == 1
    thief.post(reverse("account_email"), {"action_add": "", "email": NEW})
    assert "Not confirmed" in page(thief) and NEW in page(thief) and OLD in page(thief)
    thief.post(reverse("account_email"), {"action_add": "", "email": NEWER})  # takes the place of the first
    assert NEW not in page(thief) and NEWER in page(thief)
    links = [path_in(sent, "/confirm-email/") for sent in deliver()]
    assert [Client().post(link).status_code for link in links] == [404, 302]
    assert OLD not in page(thief) and "Not confirmed" not in page(thief)
    alice.refresh_from_db()
    assert alice.email == NEWER


def test_a_change_can_be_cancelled(thief: Client, alice: User) -> None:
    thief.post(reverse("account_email"), {"action_add": "", "email": NEW})
    link = path_in(deliver_one(), "/confirm-email/")
    assert "Cancel the change" in page(thief)
    thief.post(reverse("account_email"), {"action_remove": "", "email": NEW})
    page(thief)  # it tells of the removal once
    assert NEW not in page(thief)
    assert Client().post(link).status_code == 404
    assert deliver_one().to == [OLD]
    thief.post(reverse("account_email"), {"action_remove": "", "email": OLD})
    alice.refresh_from_db()
    assert alice.email == OLD


def test_the_link_can_be_sent_again(thief: Client) -> None:
    thief.post(reverse("account_email"), {"action_add": "", "email": NEW})
    deliver()
    thief.post(reverse("account_email"), {"action_send": "", "email": NEW})
    assert [sent.to for sent in deliver()] in ([[NEW]], [])  # not more often than allauth's limit allows


def test_an_unconfirmed_address_is_not_replaced(as_alice: Client, alice: User) -> None:
    """Else a typing error in the new address would cost the account."""
    response = as_alice.post(reverse("account_email"), {"action_add": "", "email": NEW})
    assert response.status_code == 200
    alice.refresh_from_db()
    assert alice.email == OLD
