"""Passkeys and authenticator apps in a real browser, with Chromium's virtual authenticator."""

import pytest
import requests
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from tests.accounts.test_second_factor import code
from tests.flows.conftest import Product
from tests.flows.test_walk import PASSWORD, sign_up

pytestmark = pytest.mark.browser
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def add_virtual_authenticator(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


def enter_password(page: Page, product: Product, email: str) -> None:
    page.goto(f"{product.url}/accounts/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button.primary")


@pytest.mark.parametrize("is_phone", [False, True], ids=["desktop", "phone"])
def test_a_passkey_is_added_and_signs_in(page: Page, product: Product, is_phone: bool) -> None:
    if is_phone:
        page.set_viewport_size({"width": 390, "height": 844})
    add_virtual_authenticator(page)
    user = sign_up(page, product)
    page.goto(f"{product.url}/preferences/")
    page.click("a[href='/accounts/2fa/']")
    page.click("a[href$='/webauthn/add/']")
    page.check("input[name=passwordless]")
    page.click("#mfa_webauthn_add")
    page.wait_for_url("**/2fa/recovery-codes/")
    assert Authenticator.objects.get(user=user, type="webauthn")
    page.context.clear_cookies()
    page.goto(f"{product.url}/accounts/login/")
    page.click("#passkey_login")
    page.wait_for_url(f"{product.url}/")
    page.context.clear_cookies()  # also that of the known device
    for _ in range(5):
        guess_password(product, user.email)
    enter_password(page, product, user.email)
    expect(page.locator("[role=alert]")).to_be_visible()  # locked, but not for the passkey
    page.click("#passkey_login")
    page.wait_for_url(f"{product.url}/")


def guess_password(product: Product, email: str) -> None:
    token = "x" * 32
    form = {"login": email, "password": "a wrong password", "csrfmiddlewaretoken": token}
    answer = requests.post(f"{product.url}/accounts/login/", form, cookies={"csrftoken": token}, timeout=30)
    assert answer.status_code == 200


def test_the_password_can_be_seen(page: Page, product: Product) -> None:
    page.goto(f"{product.url}/accounts/login/")
    field, switch = page.locator("#id_password"), page.locator("[data-show-password]")
    field.fill("a-long-enough-password")
    field.press("Tab")
    expect(switch).to_be_focused()
    for type, pressed in (("text", "true"), ("password", "false")):
        page.keyboard.press("Space")
        expect(field).to_have_attribute("type", type)
        expect(switch).to_have_attribute("aria-pressed", pressed)


def test_an_authenticator_app_is_added_and_signs_in(page: Page, product: Product) -> None:
    user = sign_up(page, product)
    page.goto(f"{product.url}/accounts/2fa/")
    page.click("a[href$='/totp/activate/']")
    secret = page.input_value("#authenticator_secret")
    page.fill("input[name=code]", code(secret))
    page.click("main form button.primary")
    page.wait_for_url("**/recovery-codes/**")
    page.context.clear_cookies()
    enter_password(page, product, user.email)
    page.wait_for_url("**/2fa/authenticate/**")
    page.fill("input[name=code]", "000000")
    page.click("main form button.primary")
    assert page.locator("[role=alert], .errors").count()
