"""The main flows of a new user: sign up, connect a bank, see the report and see new transactions arrive."""

import re
import uuid

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from accounts.models import User
from banking.connections.models import Item, SyncState
from banking.ledger.models import Transaction
from tests.flows.conftest import Product
from tests.local_pluggy import AURORA, LocalPluggy, wait_until

pytestmark = pytest.mark.browser
PASSWORD = "correct-horse-battery"
MFA_BANK = 5
WIDGET = "iframe[name^='__zoid__pluggy_connect']"  # the SDK keeps other frames beside the real one


def sign_up(page: Page, product: Product) -> User:
    """Sign up a new user; each test has its own."""
    email = f"carla-{uuid.uuid4().hex[:8]}@example.com"
    page.goto(f"{product.url}/accounts/signup/")
    page.fill("input[name=email]", email)
    page.fill("input[name=password1]", PASSWORD)
    page.click("main form button.primary")
    page.wait_for_url(f"{product.url}/")
    return User.objects.get(email=email)


def open_connect(page: Page) -> FrameLocator:
    page.click("header a[href$='/connections/connect/']")
    page.click("[data-connect='']")
    return page.frame_locator(WIDGET)


def choose_bank(frame: FrameLocator, connector: int) -> None:
    frame.get_by_test_id("connect-continue").click()
    frame.get_by_test_id(f"institution-{connector}").click()
    frame.locator("input[name=user]").fill("user-ok")
    frame.locator("input[name=password]").fill("password-ok")
    frame.get_by_test_id("connect-submit").click()


def is_read(user: User) -> bool:
    """Tell whether all events so far are processed."""
    states = SyncState.objects.filter(item__user=user)
    return states.exists() and not any(state.is_behind or state.lease_until for state in states)


def figure(page: Page, measure: str) -> str:
    """Return the amount of a key figure on the overview."""
    return str(page.locator(f"a[href*='measure={measure}'] data.money").first.get_attribute("value"))


def test_a_new_user_connects_a_bank_and_sees_new_transactions(
    page: Page, product: Product, pluggy: LocalPluggy
) -> None:
    user = sign_up(page, product)
    frame = open_connect(page)
    choose_bank(frame, AURORA)
    page.wait_for_url(f"{product.url}/")
    wait_until(lambda: is_read(user), seconds=20, what="the transactions are stored")
    assert Transaction.objects.of(user).count() > 500
    page.goto(product.url)
    spending = figure(page, "spending")

    item = Item.objects.of(user).get()
    pluggy.add_transaction(
        str(item.id), description="PADARIA DO BAIRRO", amount="-50.00", categoryId="11010000"
    )
    wait_until(
        lambda: Transaction.objects.of(user).filter(description="PADARIA DO BAIRRO").exists(),
        seconds=20,
        what="the new transaction arrives by webhook alone",
    )
    # The open page updates itself.
    wait_until(lambda: figure(page, "spending") != spending, seconds=20, what="the figure changes")
    assert round(float(figure(page, "spending")) - float(spending), 2) == 50.00

    page.locator("a[href*='measure=spending']").first.click()
    expect(page.get_by_text("PADARIA DO BAIRRO").first).to_be_visible()
    total = page.locator(".totals data.money").first.get_attribute("value")
    assert float(str(total)) == float(spending) + 50


def test_a_bank_that_asks_for_a_code_is_connected(page: Page, product: Product) -> None:
    user = sign_up(page, product)
    frame = open_connect(page)
    choose_bank(frame, MFA_BANK)
    frame.locator("input[name=token]").fill("123456")
    frame.get_by_test_id("connect-submit").click()
    page.wait_for_url(f"{product.url}/")
    assert Item.objects.of(user).exists()


def test_a_connection_is_synced_if_the_tab_closes_early(page: Page, product: Product) -> None:
    """The browser is closed while Pluggy still collects; the webhook alone leads to a complete sync."""
    user = sign_up(page, product)
    frame = open_connect(page)
    choose_bank(frame, AURORA)
    expect(frame.locator("#stage[data-step=progress]")).to_be_visible()
    page.close()
    wait_until(
        lambda: Transaction.objects.of(user).count() > 500, seconds=30, what="the transactions are stored"
    )


def test_refused_bank_credentials_can_be_tried_again(page: Page, product: Product) -> None:
    sign_up(page, product)
    frame = open_connect(page)
    frame.get_by_test_id("connect-continue").click()
    frame.get_by_test_id(f"institution-{AURORA}").click()
    frame.locator("input[name=user]").fill("user-ok")
    frame.locator("input[name=password]").fill("wrong")
    status = page.locator("#connect-status")
    opened = status.inner_text()
    frame.get_by_test_id("connect-submit").click()
    expect(frame.get_by_test_id("connect-error")).to_be_visible()
    expect(status).not_to_have_text(opened)  # the page hears of the error a moment after the widget shows it
    refused = status.inner_text()
    frame.get_by_test_id("connect-retry").click()
    frame.locator("input[name=user]").fill("user-ok")
    frame.locator("input[name=password]").fill("password-ok")
    frame.get_by_test_id("connect-submit").click()
    expect(status).not_to_have_text(refused)  # the error of the first attempt is gone
    page.wait_for_url(f"{product.url}/")


def test_a_connection_is_repaired_and_disconnected(page: Page, product: Product, pluggy: LocalPluggy) -> None:
    user = sign_up(page, product)
    item_id = pluggy.connect(user.reference)
    wait_until(lambda: is_read(user) and Transaction.objects.of(user).exists(), seconds=20, what="it is read")
    pluggy.control("POST", f"/items/{item_id}/status", executionStatus="USER_INPUT_TIMEOUT")
    pluggy.control("POST", f"/items/{item_id}/status", executionStatus="ACCOUNT_LOCKED", status="LOGIN_ERROR")
    wait_until(
        lambda: Item.objects.filter(id=item_id, status="LOGIN_ERROR").exists(),
        seconds=20,
        what="the error is stored",
    )
    page.goto(product.url)
    page.locator(f"main a[href*='connect/?item={item_id}']").first.click()
    page.wait_for_url(f"{product.url}/")
    wait_until(
        lambda: Item.objects.filter(id=item_id, status="UPDATED").exists(),
        seconds=20,
        what="the connection works again",
    )
    page.goto(f"{product.url}/connections/{item_id}/")
    page.locator("details", has=page.locator("form[action$='/disconnect/']")).locator("summary").click()
    page.locator("form[action$='/disconnect/'] button").click()
    page.wait_for_url(f"{product.url}/connections/")
    wait_until(lambda: not Item.objects.of(user).exists(), seconds=20, what="it is disconnected")
    assert pluggy.control("GET", "/state")["items"] == []


def test_a_forgotten_password_is_reset(page: Page, product: Product) -> None:
    user = sign_up(page, product)
    page.context.clear_cookies()
    page.goto(f"{product.url}/accounts/password/reset/")
    page.fill("input[name=email]", user.email)
    page.click("main form button.primary")
    wait_until(lambda: "/accounts/password/reset/key/" in product.log.read_text(), seconds=10, what="mail")
    link = re.findall(r"http[^\s\"<>]+/accounts/password/reset/key/[^\s\"<>]+", product.log.read_text())[-1]
    page.goto(link)
    page.fill("input[name=password1]", "another-horse-battery")
    page.fill("input[name=password2]", "another-horse-battery")
    page.click("main form button.primary")
    page.goto(f"{product.url}/accounts/login/")
    page.fill("input[name=login]", user.email)
    page.fill("input[name=password]", "another-horse-battery")
    page.click("main form button.primary")
    page.wait_for_url(f"{product.url}/")
