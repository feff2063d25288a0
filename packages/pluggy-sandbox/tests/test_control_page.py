"""The control page in a browser: buttons, keyboard, event log, faults, colour schemes and widths."""

import os
import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from sandbox_testing.program import Client, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the installed Chromium if CHROMIUM_PATH names one; root needs --no-sandbox."""
    arguments = ["--disable-background-networking", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    path = os.environ.get("CHROMIUM_PATH")
    return browser_type_launch_args | {"args": arguments} | ({"executable_path": path} if path else {})


def test_transactions_events_and_faults_by_button(pluggy: Client, page: Page) -> None:
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
    expect(page.locator("[data-part=faults]")).to_contain_text("0 left, affected 1")
    page.get_by_role("button", name="All faults off").click()
    expect(page.locator("[data-part=faults]")).to_contain_text("No fault is on")
    form.get_by_label("Where").fill("(")
    form.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("not a regular expression")


def test_a_world_file_is_loaded_and_an_item_disconnected(pluggy: Client, page: Page) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{pluggy.url}/_control/")
    page.locator("#world").get_by_label("Person").fill("from-a-file")
    page.get_by_role("button", name="Load the awkward example").click()
    person_section = page.locator(".person").filter(has_text="from-a-file")
    expect(person_section.locator("article")).to_have_count(2)
    person_section.get_by_test_id("disconnect").first.click()
    expect(person_section.locator("article")).to_have_count(1)
    wrong = {"name": "w.json", "mimeType": "application/json", "buffer": b'{"items": [{"connectorId": 3}]}'}
    page.locator("input[type=file]").set_input_files(wrong)  # type: ignore[arg-type]
    page.get_by_role("button", name="Load the file").click()
    expect(page.locator("#errors")).to_contain_text("items[0].connectorId")


def test_examples_words_and_odd_fields_by_button(pluggy: Client, page: Page) -> None:
    item = pluggy.connect(9001, clientUserId="plays")["id"]
    page.goto(f"{pluggy.url}/_control/")
    words = page.locator("#words")
    words.get_by_label("Banks' words").select_option("pix-returned")
    words.get_by_label("Item").select_option(item)
    words.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("4 transaction(s) added")
    example = page.locator("#example")
    for step in ("account-closed, step 1", "account-closed, step 2"):
        example.get_by_label("Example").select_option(step)
        example.get_by_label("Person").fill("example-person")
        example.get_by_role("button").click()
        expect(page.get_by_role("status")).to_contain_text("1 item(s) loaded")
    person_section = page.locator(".person").filter(has_text="example-person")
    expect(person_section.locator(".accounts li")).to_have_count(1)
    form = page.locator("#fault")
    form.get_by_label("What").select_option("odd-field")
    form.get_by_label("Field", exact=True).fill("name")
    form.get_by_label("Its value").fill("[7]")
    form.get_by_role("button").click()
    expect(page.get_by_role("button", name="odd-field off")).to_be_visible()
    names = [account["name"] for account in pluggy.get("/accounts", itemId=item).json()["results"]]
    assert names and all(name == [7] for name in names)
    pluggy.delete("/_control/faults")


def test_the_direct_connector_ends_by_button(pluggy: Client, page: Page) -> None:
    item = pluggy.connect(9003, clientUserId="ends-by-hand")["id"]
    page.goto(f"{pluggy.url}/_control/")
    person_section = page.locator(".person").filter(has_text="ends-by-hand")
    card = person_section.get_by_test_id(f"item-{item}")
    card.locator("[data-testid=end]").click()
    expect(card.locator("[data-testid=end-undone]")).to_be_visible()
    card.get_by_test_id("reconnect").click()
    expect(person_section.locator("article")).to_have_count(2)
    card.locator("[data-testid=end-undone]").click()
    expect(card.locator("[data-testid=end]")).to_be_visible()


def test_times_do_not_depend_on_the_browsers_time_zone(pluggy: Client, browser: Browser) -> None:
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
def test_the_page_is_accessible_and_fits_the_width(
    pluggy: Client, browser: Browser, theme: Any, width: int
) -> None:
    pluggy.connect(9001, clientUserId="seen")
    pluggy.connect(2, clientUserId="seen", parameters={"user": "user-locked", "password": "password-ok"})
    pluggy.post("/_control/faults", kind="status", path="^/never")
    context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900})
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(f"{pluggy.url}/_control/")
    wait_until(lambda: page.get_by_test_id("spend").count())
    page.get_by_test_id("event").first.locator("summary").click()
    expect(page.locator(".detail pre").first).to_be_visible()
    violations = [violation["id"] for violation in Axe().run(page).response["violations"]]
    assert (violations, troubles) == ([], [])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    pluggy.delete("/_control/faults")
    context.close()
