"""The list of transactions in a real browser: edits of one and of many transactions, by mouse and by keyboard."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import User
from banking.connections.models import Item
from banking.ledger import monthly_totals
from banking.ledger.models import Transaction
from tests.flows.conftest import Product
from tests.flows.test_look import is_wider_than_its_window, violations
from tests.flows.test_walk import is_read, sign_up
from tests.local_pluggy import LocalPluggy, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def user(page: Page, product: Product, pluggy: LocalPluggy) -> User:
    new_user = sign_up(page, product)
    pluggy.connect(new_user.reference, connector=9001)
    wait_until(
        lambda: is_read(new_user) and Transaction.objects.of(new_user).count() > 700,
        seconds=30,
        what="the bank is read",
    )
    return new_user


def test_transactions_are_edited_in_the_list_and_the_edit_is_undone(
    page: Page, product: Product, user: User
) -> None:
    problems: list[str] = []
    page.goto(f"{product.url}{reverse('transactions')}?measure=spending&month=all")
    expect(page.locator("#bulk-edit")).to_be_hidden()

    first = page.locator(".tx tbody tr").first
    first.locator(".kind button").click()
    expect(first.locator("select")).to_be_visible()
    expect(page.locator(".htmx-added")).to_have_count(0)  # htmx handles the select only from then on
    first.locator("select").select_option("11020000")
    expect(first.locator(".saved")).to_be_visible()
    expect(first.locator(".saved a")).to_have_attribute("href", re.compile("/rules/new/.*11020000"))
    problems += violations(page)

    page.locator("body").press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    checkboxes = page.locator('input[name="transaction"]')
    expect(checkboxes.nth(1)).to_be_checked()
    checkboxes.nth(4).click(modifiers=["Shift"])
    expect(page.locator("[data-selected-count]")).to_have_text("4")
    page.locator("#bulk-edit").get_by_label(re.compile("Incluir etiquetas")).fill("férias")
    problems += violations(page)
    page.set_viewport_size({"width": 390, "height": 900})
    problems += violations(page)
    assert not is_wider_than_its_window(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.locator("#bulk-edit .btn.primary").click()
    expect(page.locator("#bulk-edit-result")).to_contain_text("4")
    expect(page.locator(".tx a.tag")).to_have_count(4)
    problems += violations(page)
    page.locator("#bulk-edit-result button").click()
    page.goto(f"{product.url}{reverse('transactions')}?tag=f%C3%A9rias&month=all")
    expect(page.locator(".no-results")).to_be_visible()
    assert problems == []
    assert monthly_totals.differences() == []


def test_a_transaction_is_split(page: Page, product: Product, user: User) -> None:
    transaction = (
        Transaction.objects.of(user).live().filter(kind="expense", signed_amount__lt=-20).latest("local_date")
    )
    page.goto(product.url + reverse("transaction", args=[transaction.id]))
    page.get_by_role("link", name="Dividir em partes").click()
    page.locator("#id_form-0-amount").fill("12,34")
    page.locator("#id_form-0-category").select_option("11020000")
    assert violations(page) == []
    page.locator("main .btn.primary").click()
    expect(page.locator("main")).to_contain_text("12,34")
    assert violations(page) == []
    assert monthly_totals.differences() == []


def test_the_list_is_not_updated_while_a_transaction_is_selected(
    page: Page, product: Product, user: User, pluggy: LocalPluggy
) -> None:
    page.goto(product.url + reverse("transactions"))
    page.evaluate(
        "addEventListener('htmx:beforeRequest', event => { window.waited = event.defaultPrevented })"
    )
    checkbox = page.locator('input[name="transaction"]').first
    checkbox.check()
    item = Item.objects.of(user).get()
    pluggy.add_transaction(
        str(item.id), description="PADARIA DO BAIRRO", amount="-50.00", categoryId="11010000"
    )
    wait_until(
        lambda: Transaction.objects.of(user).filter(description="PADARIA DO BAIRRO").exists(),
        seconds=20,
        what="the new transaction is stored",
    )
    wait_until(lambda: page.evaluate("window.waited"), seconds=15, what="the page holds back")
    expect(checkbox).to_be_checked()
    checkbox.uncheck()
    page.evaluate("document.activeElement.blur()")
    expect(page.get_by_text("PADARIA DO BAIRRO").first).to_be_visible(timeout=15_000)
