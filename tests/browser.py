"""Provide the fixtures of the browser tests: the Chromium, and a page that reports its errors."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from dev import chromium

TIMEOUT = 60_000  # milliseconds; long, because tests on a busy machine are slow
expect.set_options(timeout=TIMEOUT / 2)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the Chromium that dev/check.py has found."""
    return browser_type_launch_args | chromium.launch_options(os.environ.get("CHROMIUM_PATH", ""))


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Use a fixed window and no animations, so that elements stand still."""
    size = {"width": 1280, "height": 900}
    return browser_context_args | {"locale": "pt-BR", "viewport": size, "reduced_motion": "reduce"}


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """Open a page, and fail the test on a CSP violation, a script error or an error in the console."""
    errors: list[str] = []
    page.expose_function("reportViolation", lambda text: errors.append(text))
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', "
        "e => reportViolation(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}`))"
    )
    page.on("pageerror", lambda error: errors.append(f"script error: {error}"))

    def check_console(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            errors.append(f"console: {message.text}")

    page.on("console", check_console)
    page.set_default_timeout(TIMEOUT)
    yield page
    assert errors == [], errors
