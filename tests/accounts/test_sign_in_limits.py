"""Guesses at a sign-in: how many, what they cost, and that they keep nobody else out (A-19, A-52)."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import SecurityEvent, User
from tests.accounts.counting_hasher import CountingHasher
from tests.accounts.test_second_factor import code, is_signed_in
from tests.conftest import PASSWORD
from tests.mails import deliver, deliver_one
from tests.signing_in import add_second_factor

pytestmark = pytest.mark.django_db
PER_ACCOUNT, PER_NETWORK = 5, 20  # wrong passwords in five minutes
LOCKED = 429


@pytest.fixture(autouse=True)
def _hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["tests.accounts.counting_hasher.CountingHasher"]
    CountingHasher.count = 0


@pytest.fixture
def victim(db: None) -> User:
    return User.objects.create_user("victim@example.com", PASSWORD)


def locks() -> list[SecurityEvent]:
    return list(SecurityEvent.objects.filter(code=SecurityEvent.Code.SIGN_IN_LOCKED).order_by("at"))


def code_in_mail() -> str:
    """Return the code of the only mail that was sent."""
    sent = deliver_one()
    entered = re.search(r"\b([A-Z0-9]{4}-[A-Z0-9]{4})$", str(sent.body), re.MULTILINE)
    assert entered, sent.body
    return entered[0]


def sign_in(email: str, password: str, client: Client | None = None, **request: Any) -> Any:
    form = {"login": email, "password": password}
    return (client or Client()).post(reverse("account_login"), form, **request)


def guess(email: str, times: int, **request: Any) -> list[int]:
    """Guess the password of an address; return the status codes."""
    return [sign_in(email, f"guess number {n}", **request).status_code for n in range(times)]


# --- What a guess costs ------------------------------------------------------------------------------------


def test_a_failed_sign_in_costs_one_hash(victim: User, settings: Any) -> None:
    """One backend, and one hash also for an address that nobody has and for a deactivated user."""
    deactivated = User.objects.create_user("off@example.com", PASSWORD, is_active=False)
    for email in (victim.email, "nobody@example.com", deactivated.email):
        CountingHasher.count = 0
        guess(email, 1)
        assert CountingHasher.count == 1
    assert len(settings.AUTHENTICATION_BACKENDS) == 1


def test_a_locked_sign_in_costs_no_hash(victim: User) -> None:
    for email in (victim.email, "nobody@example.com"):
        guess(email, PER_ACCOUNT)
        CountingHasher.count = 0
        assert guess(email, 1) == [LOCKED]
        assert CountingHasher.count == 0


# --- How many ----------------------------------------------------------------------------------------------


def test_guesses_at_the_admin_are_stopped(settings: Any) -> None:
    """Sixty guesses, each from another address, through the admin's sign-in."""
    admin = User.objects.create_superuser("root@example.com", PASSWORD)
    CountingHasher.count = 0
    door = Client().get(reverse("admin:index"), follow=True).redirect_chain[-1][0]
    answers = [
        Client().post(door, {"login": admin.email, "password": f"guess {n}"}, REMOTE_ADDR=f"198.51.100.{n}")
        for n in range(60)
    ]
    assert [answer.status_code for answer in answers] == [200] * PER_ACCOUNT + [LOCKED] * (60 - PER_ACCOUNT)
    assert CountingHasher.count == PER_ACCOUNT
    assert sign_in(admin.email, PASSWORD).status_code == LOCKED
    assert [(event.user, event.facts) for event in locks()] == [(admin, {"limit": "sign_in_account"})]


def test_one_network_address_cannot_try_many_accounts() -> None:
    answers = [guess(f"person{n}@example.com", 1)[0] for n in range(PER_NETWORK + 2)]
    assert answers == [200] * PER_NETWORK + [LOCKED] * 2
    assert [(event.user, event.facts) for event in locks()] == [(None, {"limit": "sign_in_network"})]
    assert guess("person0@example.com", 1, REMOTE_ADDR="198.51.100.7") == [200]


def test_a_day_has_a_limit_as_well(victim: User, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"sign_in_account": "50/5m/key,7/d/key"}
    guess(victim.email, 7)
    answer = sign_in(victim.email, "a guess")
    assert answer.status_code == LOCKED
    assert 23 * 3600 < int(answer["Retry-After"]) <= 24 * 3600


def test_the_case_of_the_address_is_no_way_around(victim: User) -> None:
    guess(victim.email, PER_ACCOUNT)
    assert guess("VICTIM@Example.com", 1) == [LOCKED]
    assert guess(" victim@example.com ", 1) == [LOCKED]


def test_right_passwords_do_not_count(victim: User) -> None:
    for _ in range(PER_NETWORK + 1):
        assert sign_in(victim.email, PASSWORD).status_code == 302


def test_a_lock_is_recorded_once(victim: User) -> None:
    guess(victim.email, PER_ACCOUNT + 10)
    guess("nobody@example.com", PER_ACCOUNT + 1)
    assert [event.user for event in locks()] == [victim, None]


def test_a_forged_forwarded_address_does_not_avoid_the_limit(settings: Any) -> None:
    """A-19: only the last address, which the proxy wrote, counts."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    def try_from(forwarded: str, n: int) -> int:
        return guess(f"person{n}@example.com", 1, headers={"X-Forwarded-For": forwarded})[0]

    forged = [try_from(f"198.51.100.{n}, 203.0.113.7", n) for n in range(PER_NETWORK + 1)]
    assert forged == [200] * PER_NETWORK + [LOCKED]
    assert try_from("198.51.100.1, 203.0.113.8", 99) == 200


def test_the_forwarded_header_is_ignored_without_a_proxy(settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    answers = [
        guess(f"person{n}@example.com", 1, headers={"X-Forwarded-For": f"198.51.100.{n}"})[0]
        for n in range(PER_NETWORK + 1)
    ]
    assert answers == [200] * PER_NETWORK + [LOCKED]


# --- Nobody keeps somebody else out ------------------------------------------------------------------------


@pytest.fixture
def locked(victim: User) -> User:
    guess(victim.email, PER_ACCOUNT + 1)
    assert sign_in(victim.email, PASSWORD).status_code == LOCKED
    return victim


def test_a_known_device_is_not_locked_out(victim: User) -> None:
    home = Client()
    sign_in(victim.email, PASSWORD, home)
    home.post(reverse("account_logout"))
    guess(victim.email, PER_NETWORK + 1)  # from the same network, too
    assert sign_in(victim.email, PASSWORD).status_code == LOCKED
    assert sign_in(victim.email, PASSWORD, home).status_code == 302
    assert is_signed_in(home)


def test_a_known_device_cannot_guess_either(victim: User) -> None:
    stolen = Client()
    sign_in(victim.email, PASSWORD, stolen)
    stolen.post(reverse("account_logout"))
    for _ in range(PER_ACCOUNT):
        assert sign_in(victim.email, "a guess", stolen).status_code == 200
    assert sign_in(victim.email, PASSWORD, stolen).status_code == LOCKED


def test_a_known_device_of_somebody_else_is_nothing(victim: User, locked: User) -> None:
    User.objects.create_user("thief@example.com", PASSWORD)
    client = Client()
    sign_in("thief@example.com", PASSWORD, client)
    client.post(reverse("account_logout"))
    assert sign_in(victim.email, PASSWORD, client).status_code == LOCKED


def test_a_code_by_mail_passes_the_lock(locked: User) -> None:
    client = Client()
    page = sign_in(locked.email, PASSWORD, client).content.decode()
    action = reverse("account_request_login_code")
    assert f'action="{action}"' in page and f'name="email" value="{locked.email}"' in page
    answer = client.post(action, {"email": locked.email})
    assert answer["Location"] == reverse("account_confirm_login_code")
    client.post(answer["Location"], {"code": code_in_mail()})
    assert mail.outbox[0].to == [locked.email]
    assert is_signed_in(client)


def test_a_code_by_mail_does_not_skip_the_second_factor(victim: User) -> None:
    add_second_factor(victim)
    client = Client()
    client.post(reverse("account_request_login_code"), {"email": victim.email})
    answer = client.post(reverse("account_confirm_login_code"), {"code": code_in_mail()})
    assert answer["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)


def test_one_address_cannot_use_up_the_codes_of_another(victim: User) -> None:
    ask = {"email": victim.email}
    for _ in range(20):
        Client().post(reverse("account_request_login_code"), ask)
    assert len(deliver()) == 3
    Client().post(reverse("account_request_login_code"), ask, REMOTE_ADDR="198.51.100.7")
    assert len(deliver()) == 1


def test_a_stranger_gets_no_mail() -> None:
    Client().post(reverse("account_request_login_code"), {"email": "nobody@example.com"})
    Client().post(reverse("account_reset_password"), {"email": "nobody@example.com"})
    assert deliver() == []


def test_a_new_password_opens_the_lock(locked: User) -> None:
    client = Client()
    client.post(reverse("account_reset_password"), {"email": locked.email})
    link = re.search(r"https?://[^/\s]+(/\S+)", str(deliver_one().body))
    assert link
    form = client.get(link[1])["Location"]
    new = "cavalo correto bateria grampo"
    client.post(form, {"password1": new, "password2": new})
    assert sign_in(locked.email, new).status_code == 302


def test_wrong_codes_do_not_lock_a_known_device(victim: User) -> None:
    """Somebody who has the password enters wrong codes; the known device still enters the right one."""
    secret = add_second_factor(victim)
    home, thief = Client(), Client()
    sign_in(victim.email, PASSWORD, home)
    home.post(reverse("mfa_authenticate"), {"code": code(secret)})
    home.post(reverse("account_logout"))
    sign_in(victim.email, PASSWORD, thief)
    answers = [thief.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code for _ in range(7)]
    assert answers == [200] * PER_ACCOUNT + [LOCKED] * 2
    assert [event.facts for event in locks()] == [{"limit": "login_failed"}]
    sign_in(victim.email, PASSWORD, home)
    answer = home.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert answer.status_code == 200  # wrong, but not locked


# --- The page ----------------------------------------------------------------------------------------------


def test_the_page_says_until_when_and_what_works_meanwhile(locked: User) -> None:
    english = sign_in(locked.email, PASSWORD, headers={"Accept-Language": "en"})
    page = english.content.decode()
    for text in ("Sign-in is locked", "Try again from", "Send me a code by e-mail", "Sign in with a passkey"):
        assert text in page
    assert reverse("account_reset_password") in page
    assert 0 < int(english["Retry-After"]) <= 300
    assert "O acesso está bloqueado" in sign_in(locked.email, PASSWORD).content.decode()


def test_a_limit_of_an_hour_says_so(victim: User) -> None:
    answers = [Client().post(reverse("account_reset_password"), {"email": victim.email}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [LOCKED]
    assert 3500 < int(answers[-1]["Retry-After"]) <= 3600
    assert "60 minutos" in answers[-1].content.decode()


def test_the_page_does_not_tell_whether_somebody_has_the_address(locked: User) -> None:
    guess("nobody@example.com", PER_ACCOUNT + 1)

    def text(email: str) -> str:
        page = sign_in(email, PASSWORD).content.decode().replace(email, "")
        return re.sub(r'name="csrfmiddlewaretoken" value="\w+"|\d\d:\d\d', "", page)

    assert text(locked.email) == text("nobody@example.com")
