"""Fixtures of the browser tests: the installed Chromium, and a page that fails on script and CSP errors."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

PATIENCE = 60_000  # ms: a busy machine is slow, and no test measures it
expect.set_options(timeout=PATIENCE / 2)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the installed Chromium if CHROMIUM_PATH names one; root needs --no-sandbox."""
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    arguments = [*quiet, "--no-first-run", "--disable-quic", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    path = os.environ.get("CHROMIUM_PATH")
    return browser_type_launch_args | {"args": arguments} | ({"executable_path": path} if path else {})


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Reduce motion, so that elements do not move while they are clicked."""
    size = {"width": 1280, "height": 900}
    return browser_context_args | {"locale": "pt-BR", "viewport": size, "reduced_motion": "reduce"}


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """Return a page; the test fails if it has a CSP violation or a script error."""
    troubles: list[str] = []
    page.expose_function("reportViolation", lambda text: troubles.append(text))
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', "
        "e => reportViolation(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}`))"
    )
    page.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
    page.on(
        "console",
        lambda message: (
            message.type == "error"
            and "Failed to load resource" not in message.text
            and troubles.append(f"console: {message.text}")
        ),
    )
    page.set_default_timeout(PATIENCE)
    yield page
    assert troubles == [], troubles
