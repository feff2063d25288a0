"""Every mail that the product sends: in the user's language, in HTML and text, with our name and address only."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import allauth
import pytest
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from django.test import Client, RequestFactory, TestCase
from django.urls import reverse
from django.utils import translation

from accounts import mails
from accounts.mail_texts import ERASED, TEXTS
from accounts.models import OutgoingMail, User
from pfm import task_queue
from tests.accounts.test_second_factor import code
from tests.conftest import PASSWORD
from tests.mails import deliver, deliver_one, html_of, path_in
from tests.signing_in import add_second_factor, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fast_hashing")]

NEW_PASSWORD = "tamanco girafa nuvem sete"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36"
NEW_EMAIL = "alice.new@example.com"
LANGUAGES = {"pt-br": "pt-BR,pt;q=0.9", "en": "en-GB,en;q=0.9"}


@pytest.fixture(autouse=True)
def _product(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PUBLIC_URL = "https://lume.example"
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    monkeypatch.setattr(task_queue, "_paused_until", float("inf"))  # nobody takes the tasks


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def browser(alice: User, language: str) -> Client:
    """Alice's browser, which is signed in and asks for pages in the language."""
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    client = signed_in(alice)
    client.defaults |= {"HTTP_ACCEPT_LANGUAGE": LANGUAGES[language], "HTTP_USER_AGENT": CHROME}
    return client


# --- How each mail comes about -------------------------------------------------------------------------


def sign_up(browser: Client, email: str) -> None:
    browser.logout()
    browser.post(reverse("account_signup"), {"email": email, "password1": NEW_PASSWORD})


def request_reset(browser: Client) -> None:
    browser.logout()
    browser.post(reverse("account_reset_password"), {"email": "alice@example.com"})


def reset(browser: Client) -> None:
    request_reset(browser)
    page = browser.get(path_in(deliver_one(), "/reset/key/"))
    browser.post(page["Location"], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})


def change_password(browser: Client) -> None:
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    browser.post(reverse("account_change_password"), form)


def set_password(browser: Client) -> None:
    user = User.objects.get()
    user.set_unusable_password()
    user.save()
    language, agent = browser.defaults["HTTP_ACCEPT_LANGUAGE"], browser.defaults["HTTP_USER_AGENT"]
    other = signed_in(user)
    other.defaults |= {"HTTP_ACCEPT_LANGUAGE": language, "HTTP_USER_AGENT": agent}
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert other.post(reverse("account_set_password"), form).status_code == 302


def request_new_address(browser: Client) -> None:
    browser.post(reverse("account_email"), {"action_add": "", "email": NEW_EMAIL})


def cancel_new_address(browser: Client) -> None:
    request_new_address(browser)
    deliver()
    browser.post(reverse("account_email"), {"action_remove": "", "email": NEW_EMAIL})


def change_address(browser: Client) -> None:
    request_new_address(browser)
    browser.post(path_in(deliver_one(), "/confirm-email/"))


def undo_change(browser: Client) -> None:
    change_address(browser)
    to_old = next(sent for sent in deliver() if sent.to == ["alice@example.com"])
    browser.post(path_in(to_old, "/undo/"))


def sign_in_elsewhere(browser: Client) -> None:
    User.objects.update(last_login="2026-11-01T12:00Z")
    browser.cookies.clear()
    browser.post(reverse("account_login"), {"login": "alice@example.com", "password": PASSWORD})


def add_app(browser: Client) -> None:
    browser.get(reverse("mfa_activate_totp"))
    secret = browser.session["mfa.totp.secret"]
    browser.post(reverse("mfa_activate_totp"), {"code": code(secret)})


def remove_app(browser: Client) -> None:
    add_second_factor(User.objects.get())
    browser.post(reverse("mfa_deactivate_totp"))


def make_codes(browser: Client) -> None:
    add_second_factor(User.objects.get())
    browser.post(reverse("mfa_generate_recovery_codes"))


@contextmanager
def in_request(browser: Client) -> Iterator[User]:
    """Let allauth's adapter run as in a request of the browser; give the user."""
    language = browser.defaults["HTTP_ACCEPT_LANGUAGE"]
    request = RequestFactory().get("/", headers={"user-agent": CHROME, "accept-language": language})
    with request_context(request), translation.override(language[:2].replace("pt", "pt-br")):
        yield User.objects.get()


def add_passkey(browser: Client) -> None:
    """Do what allauth does after the browser has made a passkey, which takes a real one (tests/flows)."""
    with in_request(browser) as user:
        get_adapter().send_notification_mail("mfa/email/webauthn_added", user)


def request_code(browser: Client) -> None:
    """Do what allauth does when a user asks to sign in with a code."""
    with in_request(browser) as user:
        get_adapter().send_mail("account/email/login_code", user.email, {"code": "K3RF-7TQ2"})


def remove_passkey(browser: Client) -> None:
    passkey = Authenticator.objects.create(
        user=User.objects.get(), type=Authenticator.Type.WEBAUTHN, data={"name": "phone", "credential": {}}
    )
    browser.post(reverse("mfa_remove_webauthn", args=[passkey.pk]))


CAUSES: dict[str, Callable[[Client], None]] = {
    "account/email/email_confirmation_signup": lambda browser: sign_up(browser, "carla@example.com"),
    "account/email/account_already_exists": lambda browser: sign_up(browser, "alice@example.com"),
    "account/email/email_confirmation": request_new_address,
    "account/email/email_deleted": cancel_new_address,
    "account/email/email_changed": change_address,
    "account/email/email_changed_new": change_address,
    "account/email/email_change_undone": undo_change,
    "account/email/password_reset_key": request_reset,
    "account/email/login_code": request_code,
    "account/email/password_reset": reset,
    "account/email/password_changed": change_password,
    "account/email/password_set": set_password,
    "account/email/new_device": sign_in_elsewhere,
    "mfa/email/totp_activated": add_app,
    "mfa/email/totp_deactivated": remove_app,
    "mfa/email/recovery_codes_generated": make_codes,
    "mfa/email/webauthn_added": add_passkey,
    "mfa/email/webauthn_removed": remove_passkey,
}
KINDS = pytest.mark.parametrize("kind", CAUSES)
ENGLISH = {
    "the",
    "your",
    "of",
    "and",
    "was",
    "with",
    "account",
    "address",
    "password",
    "days",
    "it",
    "device",
}
PORTUGUESE = {"o", "seu", "sua", "de", "foi", "com", "conta", "senha", "dias", "não", "aparelho"}


def sent_of_kind(kind: str, browser: Client) -> list[Any]:
    """Return the mails of this kind that its cause brings about; those of other kinds are not sent."""
    with TestCase.captureOnCommitCallbacks(execute=True):  # allauth tells of some changes after the commit
        CAUSES[kind](browser)
    OutgoingMail.objects.exclude(kind=kind).delete()
    return deliver()


def words(sent: Any) -> set[str]:
    """Return the words of the subject, the text and the visible HTML, without addresses."""
    visible = re.sub(r"<style>.*?</style>|<[^>]+>", " ", html_of(sent), flags=re.S)
    text = re.sub(r"\S+[@:/]\S+", " ", f"{sent.subject} {sent.body} {visible}")
    return set(re.findall(r"\w+", text.lower()))


def test_every_text_has_a_cause_here() -> None:
    assert {*CAUSES, ERASED} == set(TEXTS)  # a receipt is sent by an erasure (tests/banking/personal_data)


@KINDS
def test_a_mail_is_in_the_language_of_its_user_and_names_only_our_address(
    kind: str, browser: Client, language: str
) -> None:
    sent = sent_of_kind(kind, browser)
    assert sent
    for message in sent:
        assert message.subject.startswith("[Lume] ")
        assert len(message.subject) <= 50
        used, foreign = (PORTUGUESE, ENGLISH) if language == "pt-br" else (ENGLISH, PORTUGUESE)
        assert words(message) & foreign == set()
        assert words(message) & used
        for body in (message.body, html_of(message)):
            assert "https://lume.example" in body
            for host in ("testserver", "localhost", "127.0.0.1:"):
                assert host not in body
            assert "Lume" in body
            assert "%(" not in body and "{" not in re.sub(r"<style>.*?</style>", "", body, flags=re.S)
        links = set(re.findall(r'href="([^"]+)"', html_of(message)))
        assert kind != "account/email/login_code" or "K3RF-7TQ2" in message.body
        assert links == set(re.findall(r"https?://\S+", message.body))


@pytest.mark.parametrize("kind", [kind for kind in CAUSES if TEXTS[kind].shows_origin])
def test_a_notification_tells_when_where_and_what_to_do(kind: str, browser: Client) -> None:
    for message in sent_of_kind(kind, browser):
        for body in (message.body, html_of(message)):
            assert re.search(r"\d{4}, \d\d:\d\d \((horário de )?São Paulo", body)
            assert "Chrome" in body and "Windows" in body
            assert "127.0.0.0/24" in body
        (url,) = set(re.findall(r"https?://\S+/\S+", message.body))
        page = Client().get("/" + url.split("/", 3)[3], follow=True)
        assert page.status_code == 200


def test_every_mail_of_allauth_has_a_text() -> None:
    """A new version of allauth may send more. The others are turned off, or written to strangers."""
    not_sent = {
        "account/email/password_reset_code",
        "account/email/unknown_account",
    }
    folder = Path(allauth.__file__).parent
    sources = [
        path.read_text()
        for app in ("account", "mfa", "usersessions")
        for path in (folder / app).rglob("*.py")
    ]
    named = {
        name
        for source in sources
        for name in re.findall(r'"((?:account|mfa|usersessions)/email/\w+)"', source)
    }
    assert len(named) > 10
    assert named - not_sent - set(TEXTS) == set()


# --- Languages -----------------------------------------------------------------------------------------


def test_the_chosen_language_is_stronger_than_that_of_the_request(alice: User) -> None:
    User.objects.update(language="pt-br")
    stranger = Client(headers={"accept-language": "en"})
    stranger.post(reverse("account_reset_password"), {"email": alice.email})
    stranger.post(reverse("account_signup"), {"email": alice.email, "password1": NEW_PASSWORD})
    assert [words(sent) & ENGLISH for sent in deliver()] == [set(), set()]


def test_the_language_of_the_sign_up_is_kept() -> None:
    Client(headers={"accept-language": "en"}).post(
        reverse("account_signup"), {"email": "carla@example.com", "password1": NEW_PASSWORD}
    )
    assert User.objects.get(email="carla@example.com").language == "en"


def test_a_chosen_language_is_that_of_mails(as_alice: Client, alice: User) -> None:
    for chosen, kept in (("en", "en"), ("pt-br", "pt-br"), ("de", "pt-br"), ("", "pt-br")):
        as_alice.post(reverse("set_language"), {"language": chosen})
        alice.refresh_from_db()
        assert alice.language == kept
    assert Client().post(reverse("set_language"), {"language": "en"}).status_code == 302


# --- Strangers -----------------------------------------------------------------------------------------


def test_a_stranger_gets_no_mail(alice: User) -> None:
    response = Client().post(reverse("account_reset_password"), {"email": "stranger@example.com"})
    known = Client().post(reverse("account_reset_password"), {"email": alice.email})
    assert (response.status_code, response["Location"]) == (known.status_code, known["Location"])
    assert OutgoingMail.objects.count() == 2  # as much work for the one as for the other
    assert deliver_one().to == [alice.email]
    assert not OutgoingMail.objects.exists()


def test_a_mail_has_no_text_that_somebody_chose(alice: User, browser: Client) -> None:
    """Sign-up and change of address write to addresses of strangers, so that nobody advertises with us."""
    User.objects.update(first_name="Buy at http://evil.example", last_name="<b>now</b>")
    request_new_address(browser)
    sent = deliver_one()
    assert "evil" not in sent.body + html_of(sent)


def test_an_address_is_escaped_in_html() -> None:
    facts = {"activate_url": "https://lume.example/x"}
    message = mails.render(
        "account/email/email_confirmation", recipient='"<b>"@example.com', language="en", facts=facts
    )
    assert "<b>" not in html_of(message)


def test_the_host_of_the_request_is_in_no_mail(alice: User, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    Client(headers={"host": "evil.example"}).post(reverse("account_reset_password"), {"email": alice.email})
    sent = deliver_one()
    assert "evil" not in sent.body + html_of(sent) + str(sent.message())


# --- New devices ---------------------------------------------------------------------------------------


def sign_in(client: Client) -> None:
    client.post(reverse("account_login"), {"login": "alice@example.com", "password": PASSWORD})


def test_a_mail_tells_of_a_device_once_but_not_of_the_first(alice: User) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    first, second = Client(), Client()
    for client, count in ((first, 0), (first, 0), (second, 1), (second, 0), (first, 0)):
        sign_in(client)
        assert len(deliver()) == count
        client.post(reverse("account_logout"))


def test_the_device_of_another_user_is_new(alice: User, bob: User) -> None:
    shared = Client()
    for user in (alice, bob):
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        User.objects.filter(pk=user.pk).update(last_login="2026-11-01T12:00Z")
        shared.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
        assert deliver_one().to == [user.email]
        shared.post(reverse("account_logout"))


def test_the_second_factor_comes_before_the_mail(alice: User) -> None:
    """Whoever knows the password alone is not in, and their browser is not known."""
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    User.objects.update(last_login="2026-11-01T12:00Z")
    secret = add_second_factor(alice)
    client = Client()
    sign_in(client)
    assert deliver() == []
    client.post(reverse("mfa_authenticate"), {"code": code(secret)})
    assert deliver_one().to == [alice.email]
