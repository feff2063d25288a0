"""Find or install a Chromium for the browser tests: the machine's, Playwright's, or apt's package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dev.command_line import DevToolError, print_error, use_utf8_output

PROGRAM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MACOS_APPS = tuple(
    f"{folder}/{app}.app/Contents/MacOS/{app}"
    for folder in ("/Applications", "~/Applications")
    for app in ("Chromium", "Google Chrome")
)
PRINT_PLAYWRIGHT_PATH = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


def command_output(*command: str, seconds: int, **environment: str) -> str | None:
    """Run a command and return its output, or None when it fails, takes too long or does not exist."""
    try:
        completed = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=seconds,
            env={**os.environ, **environment},
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return completed.stdout


def is_working(path: str) -> bool:
    """Tell whether the browser starts; stubs and browsers without their libraries do not."""
    return command_output(path, "--version", seconds=60) is not None


def find_on_machine() -> str | None:
    """Return the path of an installed browser: a program or, on macOS, an application."""
    candidates = [shutil.which(name) for name in PROGRAM_NAMES]
    candidates += [os.path.expanduser(app) for app in MACOS_APPS]
    return next((path for path in candidates if path and Path(path).exists() and is_working(path)), None)


def find_in_playwright() -> str | None:
    """Return an empty string if Playwright has a working browser, which it finds without a path."""
    path = (command_output(sys.executable, "-c", PRINT_PLAYWRIGHT_PATH, seconds=60) or "").strip()
    return "" if path and Path(path).exists() and is_working(path) else None


def install_with_playwright() -> str | None:
    print("· installing Chromium with `playwright install chromium`", flush=True)
    output = command_output(sys.executable, "-m", "playwright", "install", "chromium", seconds=600)
    return None if output is None else find_in_playwright()


def install_with_apt() -> str | None:
    """Install the package of Debian or Ubuntu, if this is root."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    print("· installing Chromium with `apt-get install chromium`", flush=True)
    no_questions = {"DEBIAN_FRONTEND": "noninteractive"}
    command_output("apt-get", "update", seconds=300, **no_questions)
    command_output("apt-get", "install", "-y", "chromium", seconds=900, **no_questions)
    return find_on_machine()


def find_or_install() -> str:
    """Return the path of a working Chromium, or an empty string for Playwright's own.

    The variable CHROMIUM names another browser. Raise DevToolError when none can be found or installed.
    """
    if path := os.environ.get("CHROMIUM"):
        if is_working(path):
            return path
        raise DevToolError(f"CHROMIUM={path} is not a working browser. Correct or unset it.")
    steps: tuple[Callable[[], str | None], ...] = (
        find_on_machine,
        find_in_playwright,
        install_with_playwright,
        install_with_apt,
    )
    for step in steps:
        if (found := step()) is not None:
            return found
    raise DevToolError(
        "No Chromium for the browser tests. Install it (apt install chromium, brew install --cask chromium), "
        "run `.venv/bin/playwright install --with-deps chromium`, or set CHROMIUM=/path/to/it"
    )


def launch_options(path: str) -> dict[str, Any]:
    """Return the options of Playwright's `launch` for a path from `find_or_install`.

    The browser makes no requests of its own. As root, Chromium starts only without its sandbox.
    """
    arguments = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    arguments += ["--no-first-run", "--disable-quic", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    return {"args": arguments} | ({"executable_path": path} if path else {})


if __name__ == "__main__":
    use_utf8_output()
    try:
        print(find_or_install() or "Playwright's own")
    except DevToolError as error:
        sys.exit(print_error(error))
