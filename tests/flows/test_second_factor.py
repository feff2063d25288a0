"""Passkeys and authenticator apps in a real browser, with Chromium's virtual authenticator."""

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page

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
