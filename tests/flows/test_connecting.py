"""A wrong password, then the right one; and what the connect page opens by itself: nothing."""

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from accounts.models import User
from banking.connections.models import Item
from banking.ledger.models import Transaction
from tests.flows.conftest import Product
from tests.flows.test_walk import WIDGET, is_read, open_connect, sign_up
from tests.local_pluggy import AURORA, LocalPluggy, wait_until

pytestmark = pytest.mark.browser
OTHER_BANK = 9003
EXPIRED = "A janela ficou aberta tempo demais e a Pluggy encerrou a sessão. Abra de novo para continuar."


def enter(frame: FrameLocator, password: str) -> None:
    frame.locator("input[name=user]").fill("user-ok")
    frame.locator("input[name=password]").fill(password)
    frame.get_by_test_id("connect-submit").click()


def fail_to_connect(page: Page, product: Product) -> User:
    """Sign up, enter a wrong password for a bank, and close the widget."""
    user = sign_up(page, product)
    frame = open_connect(page)
    frame.get_by_test_id("connect-continue").click()
    frame.get_by_test_id(f"institution-{AURORA}").click()
    enter(frame, "wrong")
    expect(frame.get_by_test_id("connect-error")).to_be_visible()
    frame.get_by_test_id("connect-close").click()
    expect(page.locator(WIDGET)).to_have_count(0)
    return user


def wait_for_data(page: Page, product: Product, user: User) -> None:
    page.wait_for_url(f"{product.url}/")
    wait_until(
        lambda: is_read(user) and Transaction.objects.of(user).exists(), seconds=30, what="the bank is read"
    )


def test_the_same_bank_is_chosen_again_after_a_wrong_password(
    page: Page, product: Product, pluggy: LocalPluggy
) -> None:
    user = fail_to_connect(page, product)
    page.locator("main [data-connect='']").click()  # another bank
    frame = page.frame_locator(WIDGET)
    frame.get_by_test_id("connect-continue").click()
    frame.get_by_test_id(f"institution-{AURORA}").click()
    enter(frame, "password-ok")
    wait_for_data(page, product, user)
    wait_until(lambda: Item.objects.of(user).count() == 1, seconds=20, what="the failed attempt is ended")
    assert len(pluggy.control("GET", "/state")["items"]) == 1


def test_an_unfinished_connection_is_continued(page: Page, product: Product, pluggy: LocalPluggy) -> None:
    user = fail_to_connect(page, product)
    item_id = Item.objects.of(user).get().id
    page.locator(f"#choices a[href*='item={item_id}']").click()
    frame = page.frame_locator(WIDGET)
    frame.get_by_test_id("connect-retry").or_(frame.locator("input[name=user]")).first.wait_for()
    if frame.get_by_test_id("connect-retry").is_visible():
        frame.get_by_test_id("connect-retry").click()
    enter(frame, "password-ok")
    wait_for_data(page, product, user)
    assert Item.objects.of(user).get().id == item_id


def test_the_connect_page_opens_nothing_by_itself(page: Page, product: Product, pluggy: LocalPluggy) -> None:
    user = fail_to_connect(page, product)
    item_id = Item.objects.of(user).get().id
    for query in ("", f"?item={item_id}"):
        page.goto(f"{product.url}/connections/connect/{query}")
        expect(page.locator("[data-connect]")).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert page.locator(WIDGET).count() == 0
    page.goto("about:blank")
    page.goto(f"{product.url}/connections/connect/?item={item_id}#open")
    expect(page.locator(WIDGET).first).to_be_attached()
    page.reload()  # the user asked for it once
    expect(page.locator("[data-connect]")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.locator(WIDGET).count() == 0


def test_the_return_page_continues_to_the_data(page: Page, product: Product, pluggy: LocalPluggy) -> None:
    user = sign_up(page, product)
    page.goto(f"{product.url}/connections/return/")
    expect(page.locator("#returned .spinner")).to_be_visible()
    pluggy.connect(user.reference)
    wait_for_data(page, product, user)


def open_window(page: Page, product: Product) -> FrameLocator:
    """Open the widget. The overview loads itself again when data arrive, which could end the navigation of a link."""
    page.goto(f"{product.url}/connections/connect/")
    page.click("[data-connect='']")
    return page.frame_locator(WIDGET)


def test_the_failed_bank_is_chosen_again_in_the_same_window_beside_a_bank_that_works(
    page: Page, product: Product, pluggy: LocalPluggy
) -> None:
    """Beside a working bank, Pluggy refuses every bank that has an item: the page opens the window again for it."""
    user = sign_up(page, product)
    pluggy.connect(user.reference, connector=OTHER_BANK)
    wait_until(lambda: is_read(user), seconds=30, what="the other bank is read")
    frame = open_window(page, product)
    frame.get_by_test_id("connect-continue").click()
    frame.get_by_test_id(f"institution-{AURORA}").click()
    enter(frame, "wrong")
    expect(frame.get_by_test_id("connect-error")).to_be_visible()
    frame.get_by_test_id("connect-retry").click()
    frame.get_by_test_id("connect-back").click()
    frame.get_by_test_id(f"institution-{AURORA}").click()
    enter(frame, "password-ok")
    opened_again = page.frame_locator(WIDGET).get_by_test_id("connect-continue")
    opened_again.click()  # with the bank chosen already
    enter(page.frame_locator(WIDGET), "password-ok")
    page.wait_for_url(f"{product.url}/")
    connected = Item.objects.of(user).filter(connector_id=AURORA)
    wait_until(lambda: connected.count() == 1, seconds=30, what="the failed attempt is ended")
    wait_until(lambda: connected.get().status == "UPDATED", seconds=30, what="the bank is read")


def test_a_bank_that_works_is_still_refused(page: Page, product: Product, pluggy: LocalPluggy) -> None:
    user = sign_up(page, product)
    pluggy.connect(user.reference)
    wait_for_data(page, product, user)
    frame = open_window(page, product)
    frame.get_by_test_id("connect-continue").click()
    frame.get_by_test_id(f"institution-{AURORA}").click()
    enter(frame, "password-ok")
    expect(frame.get_by_test_id("connect-error")).to_be_visible()
    expect(page.locator("#connect[data-state=open]")).to_be_attached()
    assert len(pluggy.control("GET", "/state")["items"]) == 1


def test_an_open_window_is_renewed_before_pluggy_ends_its_session(
    page: Page, product: Product, pluggy: LocalPluggy
) -> None:
    page.clock.install()
    sign_up(page, product)
    frame = open_window(page, product)
    frame.get_by_test_id("connect-continue").click()
    page.clock.fast_forward("28:00")
    expect(frame.get_by_test_id(f"institution-{AURORA}")).to_be_visible()
    page.clock.fast_forward("02:00")
    expect(page.locator("#connect[data-state=stopped]")).to_be_attached()
    expect(page.locator("#connect-status")).to_have_text(EXPIRED)
    expect(page.locator(WIDGET)).to_have_count(0)
    page.locator("#connect-again").click()
    frame = page.frame_locator(WIDGET)
    frame.get_by_test_id("connect-continue").click()
    expect(frame.get_by_test_id(f"institution-{AURORA}")).to_be_visible()


def test_what_was_begun_in_an_expired_window_is_continued(
    page: Page, product: Product, pluggy: LocalPluggy
) -> None:
    page.clock.install()
    user = sign_up(page, product)
    frame = open_window(page, product)
    frame.get_by_test_id("connect-continue").click()
    frame.get_by_test_id(f"institution-{AURORA}").click()
    enter(frame, "wrong")
    expect(frame.get_by_test_id("connect-error")).to_be_visible()
    wait_until(lambda: Item.objects.of(user).exists(), seconds=10, what="the server knows the item")
    page.clock.fast_forward("30:00")
    page.locator("#connect-again").click()
    frame = page.frame_locator(WIDGET)
    frame.locator("input[name=user]").wait_for()
    enter(frame, "password-ok")
    wait_for_data(page, product, user)
    assert Item.objects.of(user).count() == 1
