"""Finds a Chromium for the browser tests, or gets one: the machine's own, Playwright's, apt's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from dev.machine import Trouble, complain, speak_utf8

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APPS = tuple(
    f"{folder}/{app}.app/Contents/MacOS/{app}"
    for folder in ("/Applications", "~/Applications")
    for app in ("Chromium", "Google Chrome")
)
ASK_PLAYWRIGHT = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


def quietly(*words: str, seconds: int, **more: str) -> str | None:
    """The command's output, or None when it fails, hangs or does not exist."""
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=seconds, env={**os.environ, **more}, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def runs(path: str) -> bool:
    """It is a browser and not a stub or one that lacks its libraries."""
    return quietly(path, "--version", seconds=60) is not None


def own() -> str | None:
    """The machine's browser, by name or, on macOS, as an application."""
    places = [shutil.which(name) for name in NAMES] + [os.path.expanduser(app) for app in APPS]
    return next((place for place in places if place and Path(place).exists() and runs(place)), None)


def of_playwright() -> str | None:
    """Empty when Playwright has a browser that runs: it finds its own best."""
    path = (quietly(sys.executable, "-c", ASK_PLAYWRIGHT, seconds=60) or "").strip()
    return "" if path and Path(path).exists() and runs(path) else None


def download() -> str | None:
    print("· getting Chromium with `playwright install chromium`", flush=True)
    installed = quietly(sys.executable, "-m", "playwright", "install", "chromium", seconds=600)
    return None if installed is None else of_playwright()


def with_apt() -> str | None:
    """Debian's and Ubuntu's package; only root may."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    print("· getting Chromium with `apt-get install chromium`", flush=True)
    silent = {"DEBIAN_FRONTEND": "noninteractive"}
    quietly("apt-get", "update", seconds=300, **silent)
    quietly("apt-get", "install", "-y", "chromium", seconds=900, **silent)
    return own()


def ready() -> str:
    """The path of a Chromium that runs, empty for Playwright's own; or one line that says how to get one."""
    if named := os.environ.get("CHROMIUM"):
        if runs(named):
            return named
        raise Trouble(f"CHROMIUM={named} is not a browser that runs: correct or unset it")
    ways: tuple[Callable[[], str | None], ...] = (own, of_playwright, download, with_apt)
    for way in ways:
        path = way()
        if path is not None:
            return path
    raise Trouble(
        "No Chromium for the browser tests: install it (apt install chromium, brew install --cask chromium), "
        "run `.venv/bin/playwright install --with-deps chromium`, or set CHROMIUM=/path/to/it"
    )


if __name__ == "__main__":
    speak_utf8()
    try:
        print(ready() or "Playwright's own")
    except Trouble as trouble:
        sys.exit(complain(trouble))
