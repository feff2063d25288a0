"""The control room in a browser: buttons, keyboard, the log, the switches, both themes and widths."""

import os
import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.sandbox.conftest import Client, until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's Chromium where there is one; as root it needs --no-sandbox."""
    arguments = ["--disable-background-networking", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    path = os.environ.get("CHROMIUM_PATH")
    return browser_type_launch_args | {"args": arguments} | ({"executable_path": path} if path else {})


def test_money_events_and_faults_by_hand(pluggy: Client, page: Page) -> None:
    item = pluggy.connect(9001, clientUserId="by-hand")["id"]
    page.goto(f"{pluggy.url}/_control/")
    expect(page.get_by_role("note")).to_contain_text("this is not Pluggy")
    card = page.get_by_test_id(f"item-{item}")
    card.get_by_test_id("spend").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("PADARIA DO TESTE")
    expect(card.get_by_test_id("spend")).to_be_focused()  # the card was redrawn, the keyboard is still there
    card.get_by_test_id("refund").click()
    expect(page.get_by_role("status")).to_contain_text("R$ 50,00")
    card.get_by_test_id("close-bill").click()
    expect(page.get_by_role("status")).to_contain_text("The bill closed at")
    event = page.get_by_test_id("event").filter(has_text="transactions/updated").first
    event.locator("summary").click()
    expect(event.locator("pre").first).to_contain_text('"transactionIds"')
    form = page.locator("#fault")
    form.get_by_label("What").select_option("status")
    form.get_by_label("Where").fill("^/categories")
    form.get_by_role("button").click()
    expect(page.get_by_role("button", name="status off")).to_be_visible()
    assert pluggy.get("/categories").status_code == 500
    expect(page.locator("[data-part=faults]")).to_contain_text("0 left, struck 1")
    page.get_by_role("button", name="All faults off").click()
    expect(page.locator("[data-part=faults]")).to_contain_text("No fault is on")
    form.get_by_label("Where").fill("(")
    form.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("not a regular expression")


def test_a_world_is_loaded_and_somebody_disconnected(pluggy: Client, page: Page) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{pluggy.url}/_control/")
    page.get_by_label("Belongs to the person").fill("from-a-file")
    page.get_by_role("button", name="Load the awkward example").click()
    person = page.locator(".person").filter(has_text="from-a-file")
    expect(person.locator("article")).to_have_count(2)
    person.get_by_test_id("disconnect").first.click()
    expect(person.locator("article")).to_have_count(1)
    wrong = {"name": "w.json", "mimeType": "application/json", "buffer": b'{"items": [{"connectorId": 3}]}'}
    page.locator("input[type=file]").set_input_files(wrong)  # type: ignore[arg-type]
    page.get_by_role("button", name="Load the file").click()
    expect(page.locator("#mistakes")).to_contain_text("items[0].connectorId")


def test_it_tells_one_time_wherever_the_browser_is(pluggy: Client, browser: Browser) -> None:
    item = pluggy.connect(9001, clientUserId="far-away")["id"]
    context = browser.new_context(timezone_id="America/Sao_Paulo")
    page = context.new_page()
    page.goto(f"{pluggy.url}/_control/")
    expect(page.get_by_test_id(f"item-{item}")).to_contain_text("just now")
    clock = page.locator("#clock p").inner_text()
    hour = clock.split(":")[0][-2:]
    expect(page.get_by_test_id("event").first.locator("time")).to_have_text(re.compile(f"^{hour}:"))
    context.close()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible_and_not_too_wide(pluggy: Client, browser: Browser, theme: Any, width: int) -> None:
    pluggy.connect(9001, clientUserId="seen")
    pluggy.connect(2, clientUserId="seen", parameters={"user": "user-locked", "password": "password-ok"})
    pluggy.post("/_control/faults", kind="status", path="^/never")
    context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900})
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(f"{pluggy.url}/_control/")
    until(lambda: page.get_by_test_id("spend").count())
    page.get_by_test_id("event").first.locator("summary").click()
    expect(page.locator(".detail pre").first).to_be_visible()
    found = [one["id"] for one in Axe().run(page).response["violations"]]
    assert (found, troubles) == ([], [])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    pluggy.delete("/_control/faults")
    context.close()
