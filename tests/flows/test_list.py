"""The list of transactions in a real browser: what a person does with many rows, by hand and by keyboard."""

import re
from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import User
from banking import rollups
from banking.models import Item, Transaction
from tests.flows.conftest import Product
from tests.flows.test_look import is_wider_than_its_window, violations
from tests.flows.test_walk import is_read, sign_up
from tests.localpluggy import LocalPluggy, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def person(page: Page, product: Product, pluggy: LocalPluggy) -> Iterator[User]:
    somebody = sign_up(page, product)
    pluggy.connect(somebody.reference, connector=9001)
    wait_until(
        lambda: is_read(somebody) and Transaction.objects.of(somebody).count() > 700,
        seconds=30,
        what="the bank is read",
    )
    yield somebody


def test_rows_are_changed_in_their_list_and_back(page: Page, product: Product, person: User) -> None:
    troubles: list[str] = []
    page.goto(f"{product.url}{reverse('transactions')}?counts=spending&month=all")
    expect(page.locator("#edit")).to_be_hidden()

    first = page.locator(".tx tbody tr").first
    first.locator(".kind button").click()
    expect(first.locator("select")).to_be_visible()
    expect(page.locator(".htmx-added")).to_have_count(0)  # from then on htmx listens to it
    first.locator("select").select_option("11020000")
    expect(first.locator(".said")).to_be_visible()
    expect(first.locator(".said a")).to_have_attribute("href", re.compile("/rules/new/.*11020000"))
    troubles += violations(page)

    page.locator("body").press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    picks = page.locator('input[name="row"]')
    expect(picks.nth(1)).to_be_checked()
    picks.nth(4).click(modifiers=["Shift"])
    expect(page.locator("[data-picked]")).to_have_text("4")
    page.locator("#edit").get_by_label(re.compile("Incluir etiquetas")).fill("férias")
    troubles += violations(page)
    page.set_viewport_size({"width": 390, "height": 900})
    troubles += violations(page)
    assert not is_wider_than_its_window(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.locator("#edit .btn.primary").click()
    expect(page.locator("#edited")).to_contain_text("4")
    expect(page.locator(".tx a.tag")).to_have_count(4)
    troubles += violations(page)
    page.locator("#edited button").click()
    page.goto(f"{product.url}{reverse('transactions')}?tag=f%C3%A9rias&month=all")
    expect(page.locator(".nothing")).to_be_visible()
    assert troubles == []
    assert rollups.differences() == []


def test_a_row_is_split(page: Page, product: Product, person: User) -> None:
    row = Transaction.objects.of(person).live().filter(kind="expense", flow__lt=-20).latest("local_date")
    page.goto(product.url + reverse("transaction", args=[row.id]))
    page.get_by_role("link", name="Dividir em partes").click()
    page.locator("#id_form-0-amount").fill("12,34")
    page.locator("#id_form-0-category").select_option("11020000")
    assert violations(page) == []
    page.locator("main .btn.primary").click()
    expect(page.locator("main")).to_contain_text("12,34")
    assert violations(page) == []
    assert rollups.differences() == []


def test_news_waits_until_nothing_is_chosen(
    page: Page, product: Product, person: User, pluggy: LocalPluggy
) -> None:
    page.goto(product.url + reverse("transactions"))
    page.evaluate(
        "addEventListener('htmx:beforeRequest', event => { window.waited = event.defaultPrevented })"
    )
    choice = page.locator('input[name="row"]').first
    choice.check()
    item = Item.objects.of(person).get()
    pluggy.spend(str(item.id), description="PADARIA DO BAIRRO", amount="-50.00", categoryId="11010000")
    wait_until(
        lambda: Transaction.objects.of(person).filter(description="PADARIA DO BAIRRO").exists(),
        seconds=20,
        what="the new row is stored",
    )
    wait_until(lambda: page.evaluate("window.waited"), seconds=15, what="the page holds back")
    expect(choice).to_be_checked()
    choice.uncheck()
    page.evaluate("document.activeElement.blur()")
    expect(page.get_by_text("PADARIA DO BAIRRO").first).to_be_visible(timeout=15_000)
