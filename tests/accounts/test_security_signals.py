"""What is recorded when users sign in, fail to, and change how they sign in."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.urls import reverse

from accounts.models import SecurityEvent, User
from tests.conftest import PASSWORD
from tests.signing_in import add_second_factor, signed_in

pytestmark = pytest.mark.django_db
Code = SecurityEvent.Code
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36"


def events(user: User | None) -> list[tuple[str, dict[str, Any]]]:
    """Return codes and facts of a user's events, oldest first."""
    return list(SecurityEvent.objects.filter(user=user).order_by("at").values_list("code", "facts"))


def codes(user: User | None) -> list[str]:
    return [code for code, _facts in events(user)]


def sign_in(client: Client, email: str, password: str = PASSWORD) -> None:
    client.post(reverse("account_login"), {"login": email, "password": password})


def totp_code(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))


def test_signing_in_and_out(alice: User) -> None:
    client = Client(headers={"User-Agent": CHROME}, REMOTE_ADDR="203.0.113.9")
    sign_in(client, alice.email)
    client.post(reverse("account_logout"))
    assert events(alice) == [(Code.SIGNED_IN, {"methods": ["password"]}), (Code.SIGNED_OUT, {})]
    assert set(SecurityEvent.objects.values_list("user_agent", "network")) == {(CHROME, "203.0.113.0/24")}


def test_a_wrong_password(alice: User) -> None:
    sign_in(Client(), alice.email.upper(), "wrong")
    assert events(alice) == [(Code.SIGN_IN_FAILED, {"method": "password", "again": False})]


def test_of_an_unknown_address_nothing_is_kept_but_the_failure(alice: User) -> None:
    sign_in(Client(), "my-password-typed-here@example.com", "wrong")
    event = SecurityEvent.objects.get()
    assert (event.user, event.code) == (None, Code.SIGN_IN_FAILED)
    assert "typed" not in f"{event.facts}{event.user_agent}"


def test_a_second_factor(alice: User) -> None:
    secret, client = add_second_factor(alice), Client()
    sign_in(client, alice.email)
    assert codes(alice) == []  # the password alone is no sign-in
    client.post(reverse("mfa_authenticate"), {"code": "000000"})
    client.post(reverse("mfa_authenticate"), {"code": totp_code(secret)})
    assert events(alice) == [
        (Code.SIGN_IN_FAILED, {"method": "second factor", "again": False}),
        (Code.SIGNED_IN, {"methods": ["password", "totp"]}),
    ]


def test_a_recovery_code(alice: User) -> None:
    add_second_factor(alice)
    code = RecoveryCodes.activate(alice).get_unused_codes()[0]
    client = Client()
    sign_in(client, alice.email)
    client.post(reverse("mfa_authenticate"), {"code": code})
    assert codes(alice) == [Code.RECOVERY_CODE_USED, Code.SIGNED_IN]


def test_confirming_who_one_is(as_alice: Client, alice: User) -> None:
    for password in ("wrong", PASSWORD):
        as_alice.post(reverse("account_reauthenticate"), {"password": password})
    assert events(alice) == [
        (Code.SIGN_IN_FAILED, {"method": "password", "again": True}),
        (Code.REAUTHENTICATED, {"method": "password"}),
    ]


def test_a_new_password(as_alice: Client, alice: User) -> None:
    new = "quatro palavras bem longas"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    as_alice.post(reverse("account_change_password"), form)
    assert codes(alice) == [Code.PASSWORD_CHANGED]


def test_a_new_account(db: None) -> None:
    form = {"email": "carol@example.com", "password1": "quatro palavras bem longas"}
    Client().post(reverse("account_signup"), form)
    assert codes(User.objects.get(email="carol@example.com"))[0] == Code.SIGNED_UP


def test_a_new_address(as_alice: Client, alice: User) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    as_alice.post(reverse("account_email"), {"action_add": "", "email": "new@example.com"})
    confirmation = EmailConfirmationHMAC(EmailAddress.objects.get(email="new@example.com"))
    as_alice.post(reverse("account_confirm_email", args=[confirmation.key]))
    assert events(alice) == [
        (Code.EMAIL_CHANGED, {"step": step}) for step in ("requested", "confirmed", "changed")
    ]


def test_the_first_address_is_only_confirmed(alice: User) -> None:
    address = EmailAddress.objects.create(user=alice, email=alice.email, primary=True)
    Client().post(reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key]))
    assert events(alice)[0] == (Code.EMAIL_CHANGED, {"step": "confirmed"})
    assert {"step": "changed"} not in [facts for _code, facts in events(alice)]


def test_second_factors_and_recovery_codes(alice: User, django_capture_on_commit_callbacks: Any) -> None:
    add_second_factor(alice)
    client = signed_in(alice)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("mfa_generate_recovery_codes"))
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("mfa_deactivate_totp"))
    assert [code for code in codes(alice) if code != Code.REAUTHENTICATED] == [
        Code.RECOVERY_CODES_MADE,
        Code.SECOND_FACTOR_REMOVED,  # the app
        Code.SECOND_FACTOR_REMOVED,  # the codes, which are of no use without it
    ]


def test_other_devices_are_signed_out(alice: User) -> None:
    phone, laptop = Client(headers={"User-Agent": CHROME}), Client()
    sign_in(phone, alice.email)
    sign_in(laptop, alice.email)
    laptop.post(reverse("usersessions_list"))
    assert events(alice)[2:] == [(Code.SESSION_ENDED, {"device": CHROME})]
