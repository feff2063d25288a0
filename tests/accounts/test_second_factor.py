"""Second factors: an authenticator app, passkeys and recovery codes; staff must have one (A-49, A-51, A-56)."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from cryptography.fernet import InvalidToken
from django.test import Client
from django.urls import reverse

from accounts.encryption import decrypt, encrypt
from accounts.models import User
from tests.conftest import PASSWORD
from tests.signing_in import add_second_factor, signed_in, signed_in_staff

pytestmark = pytest.mark.django_db
MAX_WRONG_CODES = 10  # a minute and address


def code(secret: str) -> str:
    _earlier, now, _later = yield_hotp_counters_from_time()  # all three are accepted
    return str(format_hotp_value(hotp_value(secret, now)))


def enter_password(user: User) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    return client


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("preferences")).status_code == 200


def test_the_password_alone_does_not_sign_in(alice: User) -> None:
    secret = add_second_factor(alice)
    client = enter_password(alice)
    assert not is_signed_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code(secret)})
    assert is_signed_in(client)


@pytest.mark.parametrize("sent", ["", "000000", "abcdef", "1" * 500])
def test_a_wrong_code_does_not_sign_in(alice: User, sent: str) -> None:
    add_second_factor(alice)
    client = enter_password(alice)
    assert client.post(reverse("mfa_authenticate"), {"code": sent}).status_code == 200
    assert not is_signed_in(client)


def test_a_code_works_once(alice: User) -> None:
    secret = add_second_factor(alice)
    first, second = enter_password(alice), enter_password(alice)
    used = code(secret)
    first.post(reverse("mfa_authenticate"), {"code": used})
    second.post(reverse("mfa_authenticate"), {"code": used})
    assert is_signed_in(first)
    assert not is_signed_in(second)


def test_codes_cannot_be_guessed(alice: User) -> None:
    secret = add_second_factor(alice)
    client = enter_password(alice)
    for number in range(MAX_WRONG_CODES):
        client.post(reverse("mfa_authenticate"), {"code": f"{number:06}"})
    client.post(reverse("mfa_authenticate"), {"code": code(secret)})
    assert not is_signed_in(client)


def test_a_recovery_code_works_once(alice: User) -> None:
    add_second_factor(alice)
    client = signed_in(alice)
    client.post(reverse("mfa_generate_recovery_codes"))
    codes = Authenticator.objects.get(user=alice, type="recovery_codes").wrap().get_unused_codes()
    for is_first in (True, False):
        other = enter_password(alice)
        other.post(reverse("mfa_authenticate"), {"code": codes[0]})
        assert is_signed_in(other) == is_first


def test_the_second_step_cannot_be_skipped(alice: User) -> None:
    add_second_factor(alice)
    client = enter_password(alice)
    for name in ("overview", "mfa_index", "admin:login", "account_change_password", "export_csv"):
        response = client.get(reverse(name))
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/")


def test_a_reset_password_does_not_skip_the_second_factor(alice: User) -> None:
    add_second_factor(alice)
    alice.set_password("another-long-password")
    alice.save()
    client = Client()
    client.post(reverse("account_login"), {"login": alice.email, "password": "another-long-password"})
    assert not is_signed_in(client)


def test_the_session_key_changes_at_sign_in(alice: User) -> None:
    client = Client()
    client.get(reverse("account_login"))
    session = client.session
    session["chosen"] = "by an attacker"
    session.save()
    before = str(session.session_key)
    client.cookies["sessionid"] = before
    client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    assert is_signed_in(client)
    assert client.session.session_key != before


def test_the_database_has_no_readable_secret(alice: User) -> None:
    secret = add_second_factor(alice)
    stored = Authenticator.objects.get(user=alice, type="totp").data
    assert secret not in str(stored)
    assert decrypt(stored["secret"], purpose="second factors") == secret


def test_a_secret_outlives_a_change_of_the_key(settings: object) -> None:
    encrypted = encrypt("secret", purpose="second factors")
    old = settings.SECRET_KEY  # type: ignore[attr-defined]
    settings.SECRET_KEY = "another-key-another-key-another-key-another-key"  # type: ignore[attr-defined]
    with pytest.raises(InvalidToken):
        decrypt(encrypted, purpose="second factors")
    settings.SECRET_KEY_FALLBACKS = [old]  # type: ignore[attr-defined]
    assert decrypt(encrypted, purpose="second factors") == "secret"
    with pytest.raises(InvalidToken):
        decrypt(encrypted, purpose="something else")


# --- Staff -------------------------------------------------------------------------------------------------


@pytest.fixture
def administrator(db: None) -> User:
    return User.objects.create_superuser("root@example.com", PASSWORD)


def test_staff_without_a_second_factor_are_sent_to_its_set_up(administrator: User) -> None:
    client = signed_in(administrator)
    response = client.get(reverse("admin:connections_item_changelist"), follow=True)
    assert response.redirect_chain[-1][0] == reverse("mfa_index")
    assert "Administra" in response.content.decode()


def test_staff_with_a_second_factor_reach_the_admin(administrator: User) -> None:
    client = signed_in_staff(administrator)
    assert client.get(reverse("admin:index")).status_code == 200
    assert client.get(reverse("admin:login"))["Location"] == reverse("admin:index")


def test_the_admin_has_no_sign_in_of_its_own(administrator: User, as_alice: Client) -> None:
    response = Client().post(reverse("admin:login"), {"username": administrator.email, "password": PASSWORD})
    assert response["Location"].startswith(reverse("account_login"))
    assert as_alice.get(reverse("admin:login")).status_code == 403


def test_staff_are_signed_out_after_an_hour_without_a_request(administrator: User) -> None:
    client = signed_in_staff(administrator)
    client.get(reverse("admin:index"))
    for idle, is_in in ((59 * 60, True), (61 * 60, False)):
        session = client.session
        session["last_request"] -= idle
        session.save()
        assert (client.get(reverse("admin:index")).status_code == 200) == is_in


def test_others_are_not_signed_out_after_an_hour(as_alice: Client) -> None:
    assert is_signed_in(as_alice)
    assert "last_request" not in as_alice.session
