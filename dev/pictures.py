"""Take the pictures of docs/pictures from the running product: `make pictures`.

It starts the product in a temporary folder on free ports, connects banks through the Connect widget, waits
until everything is synced, and saves screenshots of the pages in English.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from dev import chromium, processes
from dev.command_line import (
    DevToolError,
    print_error,
    require_disk_space,
    require_python,
    use_utf8_output,
)
from dev.demo_config import PROJECT
from dev.postgres_server import last_lines
from dev.product_stack import ProductStack
from dev.services import Services

FOLDER = PROJECT / "docs" / "pictures"
EMAIL, NAME, PASSWORD = "demo@lume.local", "Demo Lume", "a-long-pass-word"
# Banco Aurora, Banco Cerrado (with a loan) and Corretora Pampa (investments) show the same person's money.
CONNECTOR_IDS = (9001, 9003, 9004)
WIDGET = "iframe[name^='__zoid__pluggy_connect']"  # Pluggy's SDK has other frames beside the visible one
SYNC_SECONDS = 120
TIMEOUT = 60_000  # milliseconds for each step of the browser
SQL_ALL_SYNCED = """
    SELECT count(*) = %s FROM connections_syncstate
    WHERE dirty_seq = synced_seq AND synced_at IS NOT NULL AND lease_until IS NULL
"""


@dataclass(frozen=True)
class Picture:
    """Describe one picture: its file, the page, and the browser window."""

    file_name: str
    path: str
    width: int = 1280
    height: int = 860
    scale: float = 1.5
    color_scheme: str = "light"


def pictures(today: date) -> list[Picture]:
    """Return all pictures. The overview shows the last complete month, which always has transactions."""
    last_month = today.replace(day=1) - timedelta(days=1)
    overview = f"/?month={last_month:%Y-%m}"
    return [
        Picture("overview-light.png", overview),
        Picture("overview-phone-dark.png", overview, width=390, height=844, scale=2, color_scheme="dark"),
        Picture("cards-light.png", "/cards/"),
        Picture("net-worth-light.png", "/net-worth/"),
    ]


def open_page(browser: Browser, picture: Picture) -> Page:
    """Open a window of the picture's size and theme, without animations."""
    context = browser.new_context(
        locale="en-US",
        timezone_id="America/Sao_Paulo",
        viewport={"width": picture.width, "height": picture.height},
        device_scale_factor=picture.scale,
        color_scheme="dark" if picture.color_scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(TIMEOUT)
    return context.new_page()


def sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.fill("input[name=login]", EMAIL)
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button.primary")
    page.wait_for_url(f"{url}/")


def connect_bank(page: Page, url: str, connector_id: int) -> None:
    """Connect a bank through the Connect widget, as a user does."""
    page.goto(url)
    page.click("header a[href$='/connections/connect/']")
    page.click("[data-connect='']")
    widget = page.frame_locator(WIDGET)
    widget.get_by_test_id("connect-continue").click()
    widget.get_by_test_id(f"institution-{connector_id}").click()
    widget.locator("input[name=user]").fill("user-ok")
    widget.locator("input[name=password]").fill("password-ok")
    widget.get_by_test_id("connect-submit").click()
    page.wait_for_url(f"{url}/")


def take(page: Page, url: str, picture: Picture) -> Path:
    """Save the visible part of the page, once its fonts and charts are drawn."""
    file = FOLDER / picture.file_name
    response = page.goto(url + picture.path, wait_until="networkidle")
    if response is None or not response.ok:
        raise DevToolError(f"{picture.path} is not a page")
    page.evaluate("document.fonts.ready")
    page.screenshot(path=file)
    return file


def wait_until_synced(stack: ProductStack) -> None:
    def is_synced() -> bool:
        return bool(stack.query(SQL_ALL_SYNCED, len(CONNECTOR_IDS))[0][0])

    if not processes.wait_until(is_synced, seconds=SYNC_SECONDS, every=0.5):
        logs = "\n".join(last_lines(path, 5) for path in sorted((stack.folder / "log").glob("*.log")))
        raise DevToolError(
            f"The banks are not synced after {SYNC_SECONDS} s. The last lines of the logs:\n{logs}"
        )


def take_all(stack: ProductStack, browser: Browser) -> None:
    stack.manage("create_user", EMAIL, "--password", PASSWORD, "--name", NAME)
    all_pictures = pictures(date.today())
    page = open_page(browser, all_pictures[0])
    sign_in(page, stack.url)
    for connector_id in CONNECTOR_IDS:
        connect_bank(page, stack.url, connector_id)
    wait_until_synced(stack)
    page.context.close()
    for picture in all_pictures:
        page = open_page(browser, picture)
        sign_in(page, stack.url)
        file = take(page, stack.url, picture)
        print(f"{file.relative_to(PROJECT)}: {file.stat().st_size // 1024} KB")
        page.context.close()


def main() -> int:
    try:
        require_python()
        require_disk_space(Path(tempfile.gettempdir()))
        path = chromium.find_or_install()
        with tempfile.TemporaryDirectory(prefix="lume-pictures-") as temporary:
            folder = Path(temporary)
            folder.chmod(0o755)  # as root, PostgreSQL runs as another user, who must be able to enter
            try:
                with ProductStack(folder) as stack, sync_playwright() as playwright:
                    browser = playwright.chromium.launch(**chromium.launch_options(path))
                    take_all(stack, browser)
                    browser.close()
            finally:
                Services(folder).wipe()  # as root, the data may be outside the folder
    except (DevToolError, OSError) as error:
        return print_error(error)
    except KeyboardInterrupt:
        return print_error("interrupted")
    return 0


if __name__ == "__main__":
    use_utf8_output()
    sys.exit(main())
