"""Every page in both themes and both widths: accessible, not too wide, nothing blocked."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from accounts.models import User
from banking.actions import rules
from banking.models import Bill, Investment, Item, Rule, Transaction
from tests.flows.conftest import Product
from tests.flows.test_walk import sign_up
from tests.localpluggy import LocalPluggy, wait_until

pytestmark = pytest.mark.browser

WIDTHS = {"phone": 390, "desktop": 1280}
SIGNED_OUT = ["account_login", "account_signup", "account_reset_password"]


@pytest.fixture
def person(page: Page, product: Product, pluggy: LocalPluggy) -> Iterator[User]:
    """Somebody with a bank that is well and one that needs them."""
    somebody = sign_up(page, product)
    for connector in (9001, 2):
        pluggy.connect(somebody.reference, connector=connector)
    wait_until(
        lambda: Transaction.objects.of(somebody).count() > 1500, seconds=30, what="both banks are read"
    )
    trouble = Item.objects.of(somebody).get(connector_id=2)
    pluggy.control("POST", f"/items/{trouble.id}/status", executionStatus="INVALID_CREDENTIALS")
    wait_until(
        lambda: Item.objects.filter(id=trouble.id, status="LOGIN_ERROR").exists(), seconds=20, what="trouble"
    )
    a_rule(somebody)
    yield somebody


def a_rule(somebody: User) -> None:
    words = {"text": "uber", "direction": "out", "category_id": "19010000", "tags": ["trabalho"]}
    rules.apply(rules.save(Rule(user=somebody, **words), now=timezone.now()))


def pages(person: User) -> list[str]:
    row = Transaction.objects.of(person).live().filter(account__type="CREDIT").latest("local_date")
    item = Item.objects.of(person).latest("connected_at")
    bill = Bill.objects.of(person).first()
    investment = Investment.objects.of(person).first()
    rule = Rule.objects.of(person).first()
    assert bill is not None and investment is not None and rule is not None
    return [
        reverse("overview"),
        reverse("overview") + "?from=2026-09-10&to=2026-10-20",
        reverse("overview") + "?month=2026-99",
        *(reverse(f"report_{name}") for name in ("categories", "merchants", "cash_flow", "pace", "flow")),
        reverse("report_categories") + "?basis=cash",
        reverse("transactions"),
        reverse("transactions") + "?counts=spending&pending=1",
        reverse("transactions") + "?q=nothing+like+that",
        reverse("transaction", args=[row.id]),
        reverse("parts", args=[row.id]),
        reverse("cards"),
        reverse("bill", args=[bill.account_id, f"{bill.due_on:%Y-%m}"]),
        reverse("instalments"),
        reverse("worth"),
        reverse("investments"),
        reverse("investment", args=[investment.id]),
        reverse("suggestions"),
        reverse("rules"),
        reverse("rule", args=[rule.id]),
        reverse("new_rule") + "?text=ifood&category=11010000",
        reverse("connections"),
        reverse("connection", args=[item.id]),
        reverse("connect"),
        reverse("preferences"),
        reverse("account_email"),
        reverse("account_change_password"),
    ]


def violations(page: Page) -> list[str]:
    found = Axe().run(page)
    return [
        f"{page.url}: {one['id']}: {node['html'][:160]}"
        for one in found.response["violations"]
        for node in one["nodes"]
    ]


def is_wider_than_its_window(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_fit_to_be_seen(page: Page, product: Product, person: User, theme: str) -> None:
    User.objects.filter(pk=person.pk).update(theme=theme)
    troubles = []
    for name, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 900})
        for path in pages(person):
            page.goto(product.url + path)
            troubles += violations(page)
            troubles += [f"{name}: {path} is too wide"] if is_wider_than_its_window(page) else []
    assert troubles == []


def test_the_signed_out_pages_are_fit_to_be_seen(page: Page, product: Product) -> None:
    troubles = []
    for width in WIDTHS.values():
        page.set_viewport_size({"width": width, "height": 900})
        for name in SIGNED_OUT:
            page.goto(product.url + reverse(name))
            troubles += violations(page)
    assert troubles == []


def test_amounts_can_be_hidden_and_do_not_leave_the_server(
    page: Page, product: Product, person: User
) -> None:
    page.goto(product.url)
    assert page.locator("data.money").count() > 5
    page.locator("#privacy-form button").click()
    page.wait_for_function("document.querySelectorAll('data.money').length === 0")
    for path in pages(person):
        text = page.request.get(product.url + path).text()
        assert 'data class="money' not in text, path
        assert "R$\u00a0•••,••" in text or "R$" not in text, path


def test_both_languages(page: Page, product: Product, person: User) -> None:
    page.goto(product.url)
    assert page.locator("h1").inner_text() == "Visão geral"
    page.goto(f"{product.url}/preferences/")
    page.locator("main button[lang=en]").first.click()
    page.goto(product.url)
    assert page.locator("h1").inner_text() == "Overview"
    assert page.locator("html").get_attribute("lang") == "en"


def test_the_phone_reaches_every_part_with_the_keyboard(page: Page, product: Product) -> None:
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
    assert more.evaluate("it => it === document.activeElement")
