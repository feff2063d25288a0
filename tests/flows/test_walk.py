"""The whole way, as a new person walks it: sign up, connect, see the report, see the bank's news arrive."""

import re
import uuid

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from accounts.models import User
from banking.models import Item, SyncState, Transaction
from tests.flows.conftest import Product
from tests.localpluggy import AURORA, LocalPluggy, wait_until

pytestmark = pytest.mark.browser
PASSWORD = "correct-horse-battery"
MFA_BANK = 5
WIDGET = "iframe[name^='__zoid__pluggy_connect']"  # the SDK keeps other frames beside the real one


def sign_up(page: Page, product: Product) -> User:
    """Somebody new for each test."""
    email = f"carla-{uuid.uuid4().hex[:8]}@example.com"
    page.goto(f"{product.url}/accounts/signup/")
    page.fill("input[name=email]", email)
    page.fill("input[name=password1]", PASSWORD)
    page.click("main form button.primary")
    page.wait_for_url(f"{product.url}/")
    return User.objects.get(email=email)


def open_connect(page: Page) -> FrameLocator:
    page.click("header a[href$='/connections/connect/']")
    return page.frame_locator(WIDGET)


def choose_bank(frame: FrameLocator, connector: int) -> None:
    frame.get_by_test_id("connect-continue").click()
    frame.get_by_test_id(f"institution-{connector}").click()
    frame.locator("input[name=user]").fill("user-ok")
    frame.locator("input[name=password]").fill("password-ok")
    frame.get_by_test_id("connect-submit").click()


def is_read(person: User) -> bool:
    """Everything that was told so far is stored."""
    states = SyncState.objects.filter(item__user=person)
    return states.exists() and not any(state.is_behind or state.lease_until for state in states)


def figure(page: Page, word: str) -> str:
    """The amount that stands in the card of this figure."""
    return str(page.locator(f"a[href*='counts={word}'] data.money").first.get_attribute("value"))


def test_from_sign_up_to_a_new_transaction(page: Page, product: Product, pluggy: LocalPluggy) -> None:
    person = sign_up(page, product)
    frame = open_connect(page)
    choose_bank(frame, AURORA)
    page.wait_for_url(f"{product.url}/")
    wait_until(lambda: is_read(person), seconds=20, what="the rows are stored")
    assert Transaction.objects.of(person).count() > 500
    page.goto(product.url)
    spending = figure(page, "spending")

    item = Item.objects.of(person).get()
    pluggy.spend(str(item.id), description="PADARIA DO BAIRRO", amount="-50.00", categoryId="11010000")
    wait_until(
        lambda: Transaction.objects.of(person).filter(description="PADARIA DO BAIRRO").exists(),
        seconds=20,
        what="the new row arrives by webhook alone",
    )
    # The open page notices by itself.
    wait_until(lambda: figure(page, "spending") != spending, seconds=20, what="the figure changes")
    assert round(float(figure(page, "spending")) - float(spending), 2) == 50.00

    page.locator("a[href*='counts=spending']").first.click()
    expect(page.get_by_text("PADARIA DO BAIRRO").first).to_be_visible()
    total = page.locator(".totals data.money").first.get_attribute("value")
    assert float(str(total)) == float(spending) + 50


def test_a_bank_with_a_code(page: Page, product: Product) -> None:
    person = sign_up(page, product)
    frame = open_connect(page)
    choose_bank(frame, MFA_BANK)
    frame.locator("input[name=token]").fill("123456")
    frame.get_by_test_id("connect-submit").click()
    page.wait_for_url(f"{product.url}/")
    assert Item.objects.of(person).exists()


def test_the_tab_closes_before_on_success(page: Page, product: Product) -> None:
    """The browser is gone while Pluggy still collects; the webhook alone brings everything."""
    person = sign_up(page, product)
    frame = open_connect(page)
    choose_bank(frame, AURORA)
    expect(frame.locator("#stage[data-step=progress]")).to_be_visible()
    page.close()
    wait_until(lambda: Transaction.objects.of(person).count() > 500, seconds=30, what="the rows are stored")


def test_a_refused_sign_in_can_be_tried_again(page: Page, product: Product) -> None:
    sign_up(page, product)
    frame = open_connect(page)
    frame.get_by_test_id("connect-continue").click()
    frame.get_by_test_id(f"institution-{AURORA}").click()
    frame.locator("input[name=user]").fill("user-ok")
    frame.locator("input[name=password]").fill("wrong")
    frame.get_by_test_id("connect-submit").click()
    expect(frame.get_by_test_id("connect-error")).to_be_visible()
    status = page.locator("#connect-status")
    refused = status.inner_text()
    frame.get_by_test_id("connect-retry").click()
    frame.locator("input[name=user]").fill("user-ok")
    frame.locator("input[name=password]").fill("password-ok")
    frame.get_by_test_id("connect-submit").click()
    expect(status).not_to_have_text(refused)  # what was said of the first try is over
    page.wait_for_url(f"{product.url}/")


def test_a_connection_is_brought_back_and_ended(page: Page, product: Product, pluggy: LocalPluggy) -> None:
    person = sign_up(page, product)
    item_id = pluggy.connect(person.reference)
    wait_until(
        lambda: is_read(person) and Transaction.objects.of(person).exists(), seconds=20, what="it is read"
    )
    pluggy.control("POST", f"/items/{item_id}/status", executionStatus="USER_INPUT_TIMEOUT")
    pluggy.control("POST", f"/items/{item_id}/status", executionStatus="ACCOUNT_LOCKED", status="LOGIN_ERROR")
    wait_until(
        lambda: Item.objects.filter(id=item_id, status="LOGIN_ERROR").exists(),
        seconds=20,
        what="the trouble arrives",
    )
    page.goto(product.url)
    page.locator(f"main a[href*='connect/?item={item_id}']").first.click()
    page.wait_for_url(f"{product.url}/")
    wait_until(
        lambda: Item.objects.filter(id=item_id, status="UPDATED").exists(), seconds=20, what="it is well"
    )
    page.goto(f"{product.url}/connections/{item_id}/")
    page.locator("details", has=page.locator("form[action$='/disconnect/']")).locator("summary").click()
    page.locator("form[action$='/disconnect/'] button").click()
    page.wait_for_url(f"{product.url}/connections/")
    assert not Item.objects.of(person).exists()
    assert pluggy.control("GET", "/state")["items"] == []


def test_a_forgotten_password(page: Page, product: Product) -> None:
    person = sign_up(page, product)
    page.context.clear_cookies()
    page.goto(f"{product.url}/accounts/password/reset/")
    page.fill("input[name=email]", person.email)
    page.click("main form button.primary")
    wait_until(lambda: "/accounts/password/reset/key/" in product.log.read_text(), seconds=10, what="mail")
    link = re.findall(r"http\S+/accounts/password/reset/key/\S+", product.log.read_text())[-1]
    page.goto(link)
    page.fill("input[name=password1]", "another-horse-battery")
    page.fill("input[name=password2]", "another-horse-battery")
    page.click("main form button.primary")
    page.goto(f"{product.url}/accounts/login/")
    page.fill("input[name=login]", person.email)
    page.fill("input[name=password]", "another-horse-battery")
    page.click("main form button.primary")
    page.wait_for_url(f"{product.url}/")
