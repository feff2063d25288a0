"""What a stolen session cannot do: sensitive pages ask for the password again after five minutes (A-50)."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.test import Client
from django.urls import reverse

from accounts.models import User
from banking.connections.models import Item
from tests.conftest import PASSWORD
from tests.factories import create_item_with_transactions
from tests.signing_in import add_second_factor, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture
def stolen(alice: User) -> Client:
    """A session that signed in an hour ago."""
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    add_second_factor(alice)
    RecoveryCodes.activate(alice)
    client = signed_in(alice)
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 3600
    session.save()
    return client


@pytest.fixture
def item(alice: User) -> Item:
    return create_item_with_transactions(alice, [{"amount": "-10.00"}])


SENSITIVE = {
    "csv": ("GET", "export_csv", {}),
    "excel": ("GET", "export_xlsx", {}),
    "disconnect": ("POST", "disconnect", {}),
    "new address": ("POST", "account_email", {"action_add": "", "email": "thief@example.com"}),
    "remove app": ("POST", "mfa_deactivate_totp", {}),
    "add passkey": ("GET", "mfa_add_webauthn", {}),
    "recovery codes": ("GET", "mfa_view_recovery_codes", {}),
    "new codes": ("POST", "mfa_generate_recovery_codes", {}),
}


@pytest.mark.parametrize("name", SENSITIVE)
def test_a_sensitive_page_asks_again(stolen: Client, alice: User, item: Item, name: str) -> None:
    method, url_name, data = SENSITIVE[name]
    url = reverse(url_name, args=[item.id] if url_name == "disconnect" else [])
    response = stolen.get(url) if method == "GET" else stolen.post(url, data)
    assert response.status_code == 302
    assert "reauthenticate" in response["Location"]
    assert Item.objects.filter(pk=item.pk, disconnected_at=None).exists()
    assert set(EmailAddress.objects.values_list("email", flat=True)) <= {alice.email}


def test_a_new_password_needs_the_old_one(stolen: Client, alice: User) -> None:
    form = {
        "oldpassword": "a-wrong-password",
        "password1": "a-thief-has-it-now",
        "password2": "a-thief-has-it-now",
    }
    stolen.post(reverse("account_change_password"), form)
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_other_pages_do_not_ask(stolen: Client) -> None:
    for name in ("overview", "transactions", "connections", "preferences"):
        assert stolen.get(reverse(name)).status_code == 200


def test_the_right_password_goes_on_with_the_request(stolen: Client, item: Item) -> None:
    asked = stolen.get(reverse("export_csv"))
    wrong = stolen.post(asked["Location"], {"password": "a-wrong-password"})
    assert wrong.status_code == 200
    right = stolen.post(asked["Location"], {"password": PASSWORD})
    assert right["Location"] == reverse("export_csv")
    assert stolen.get(reverse("export_csv"))["Content-Type"].startswith("text/csv")


def test_a_sign_in_of_this_minute_is_enough(as_alice: Client, item: Item) -> None:
    assert as_alice.get(reverse("export_csv"))["Content-Type"].startswith("text/csv")
