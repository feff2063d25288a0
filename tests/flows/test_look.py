"""Every page in both themes and at both widths: accessible, not too wide, nothing blocked by the CSP."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from accounts.models import User
from banking.connections.models import Item
from banking.ledger import rule_edits
from banking.ledger.models import Bill, Investment, Rule, Transaction
from tests.flows.conftest import Product
from tests.flows.test_walk import sign_up
from tests.local_pluggy import LocalPluggy, wait_until

pytestmark = pytest.mark.browser

WIDTHS = {"phone": 390, "desktop": 1280}
SIGNED_OUT = ["account_login", "account_signup", "account_reset_password"]


@pytest.fixture
def user(page: Page, product: Product, pluggy: LocalPluggy) -> User:
    """A user with a connection that works and one with invalid credentials."""
    new_user = sign_up(page, product)
    for connector in (9001, 2):
        pluggy.connect(new_user.reference, connector=connector)
    wait_until(
        lambda: Transaction.objects.of(new_user).count() > 1500, seconds=30, what="both banks are read"
    )
    failing = Item.objects.of(new_user).get(connector_id=2)
    pluggy.control("POST", f"/items/{failing.id}/status", executionStatus="INVALID_CREDENTIALS")
    wait_until(
        lambda: Item.objects.filter(id=failing.id, status="LOGIN_ERROR").exists(),
        seconds=20,
        what="the error is stored",
    )
    create_rule(new_user)
    return new_user


def create_rule(user: User) -> None:
    columns = {"text": "uber", "direction": "out", "category_id": "19010000", "tags": ["trabalho"]}
    rule_edits.apply(rule_edits.save(Rule(user=user, **columns), now=timezone.now()))


def pages(user: User) -> list[str]:
    transaction = Transaction.objects.of(user).live().filter(account__type="CREDIT").latest("local_date")
    item = Item.objects.of(user).latest("connected_at")
    bill = Bill.objects.of(user).first()
    investment = Investment.objects.of(user).first()
    rule = Rule.objects.of(user).first()
    assert bill is not None and investment is not None and rule is not None
    return [
        reverse("overview"),
        reverse("overview") + "?from=2026-09-10&to=2026-10-20",
        reverse("overview") + "?month=2026-99",
        *(
            reverse(f"report_{name}")
            for name in ("categories", "merchants", "cash_flow", "pace", "money_flow")
        ),
        reverse("report_categories") + "?basis=cash",
        reverse("transactions"),
        reverse("transactions") + "?measure=spending&pending=1",
        reverse("transactions") + "?q=nothing+like+that",
        reverse("transaction", args=[transaction.id]),
        reverse("splits", args=[transaction.id]),
        reverse("cards"),
        reverse("bill", args=[bill.account_id, f"{bill.due_on:%Y-%m}"]),
        reverse("installments"),
        reverse("net_worth"),
        reverse("investments"),
        reverse("investment", args=[investment.id]),
        reverse("matches"),
        reverse("rules"),
        reverse("rule", args=[rule.id]),
        reverse("new_rule") + "?text=ifood&category=11010000",
        reverse("connections"),
        reverse("connection", args=[item.id]),
        reverse("connect"),
        reverse("preferences"),
        reverse("my_data"),
        reverse("delete_account"),
        reverse("account_email"),
        reverse("account_change_password"),
    ]


def violations(page: Page) -> list[str]:
    results = Axe().run(page)
    return [
        f"{page.url}: {violation['id']}: {node['html'][:160]}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]


def is_wider_than_its_window(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible_and_fits_the_window(
    page: Page, product: Product, user: User, theme: str
) -> None:
    User.objects.filter(pk=user.pk).update(theme=theme)
    problems: list[str] = []
    widths = (
        WIDTHS if theme == "light" else {"phone": WIDTHS["phone"]}
    )  # a theme changes colours, not the layout
    for name, width in widths.items():
        page.set_viewport_size({"width": width, "height": 900})
        for path in pages(user):
            page.goto(product.url + path)
            problems += violations(page)
            problems += [f"{name}: {path} is too wide"] if is_wider_than_its_window(page) else []
    assert problems == []


def test_the_signed_out_pages_are_accessible(page: Page, product: Product) -> None:
    problems: list[str] = []
    for width in WIDTHS.values():
        page.set_viewport_size({"width": width, "height": 900})
        for name in SIGNED_OUT:
            page.goto(product.url + reverse(name))
            problems += violations(page)
    assert problems == []


def test_hidden_amounts_are_not_sent_to_the_browser(page: Page, product: Product, user: User) -> None:
    page.goto(product.url)
    assert page.locator("data.money").count() > 5
    with page.expect_navigation():
        page.locator("#privacy-form button").click()
    page.wait_for_function("document.querySelectorAll('data.money').length === 0")
    for path in pages(user):
        text = page.request.get(product.url + path).text()
        assert 'data class="money' not in text, path
        assert "R$\u00a0•••,••" in text or "R$" not in text, path


def test_the_language_can_be_changed(page: Page, product: Product, user: User) -> None:
    page.goto(product.url)
    assert page.locator("h1").inner_text() == "Visão geral"
    page.goto(f"{product.url}/preferences/")
    page.locator("main button[lang=en]").first.click()
    page.goto(product.url)
    assert page.locator("h1").inner_text() == "Overview"
    assert page.locator("html").get_attribute("lang") == "en"


def test_every_section_is_reachable_by_keyboard_on_a_phone(page: Page, product: Product) -> None:
    sign_up(page, product)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(product.url)
    more = page.locator(".tabs summary")
    more.press("Enter")
    assert violations(page) == []
    reached = page.locator(".tabs a:visible").evaluate_all("links => links.map(link => link.pathname)")
    assert set(page.locator(".side a").evaluate_all("links => links.map(link => link.pathname)")) <= {
        *reached,
        reverse("preferences"),
    }
    page.keyboard.press("Escape")
    assert page.locator(".tabs details").get_attribute("open") is None
    assert more.evaluate("element => element === document.activeElement")
