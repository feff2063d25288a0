"""Runs every check and test on private servers: lint side by side, then pytest; `make test` is this."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from dev import chromium, processes
from dev.machine import Trouble, complain, need_disk, need_python, speak_utf8
from dev.services import Services

PROJECT = Path(__file__).resolve().parent.parent
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as run; run()"
TESTING = {
    "SECRET_KEY": "only-for-tests-0123456789-0123456789-0123456789-0123456789",
    "DEBUG": "True",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
    "PUBLIC_URL": "http://localhost:8000",
    "PLUGGY_API_URL": "http://api.pluggy.test",
    "PLUGGY_CONNECT_URL": "http://connect.pluggy.test",
    "PLUGGY_CLIENT_ID": "7e57c11e-0000-4000-8000-000000000001",
    "PLUGGY_CLIENT_SECRET": "pluggy_sk_only_for_tests",
    "PLUGGY_WEBHOOK_SECRET": "only-for-tests-webhook-0123456789-0123456789",
    "PLUGGY_LIMITS_PERCENT": "100000",  # the local Pluggy has none
}
MOST_WORKERS = 4  # each starts the product and a browser
PRODUCTION = {
    "DEBUG": "False",
    "ALLOWED_HOSTS": "lume.example",
    "PUBLIC_URL": "https://lume.example",
    "PLUGGY_API_URL": "https://api.pluggy.ai",
    "PLUGGY_CONNECT_URL": "https://connect.pluggy.ai",
}


@dataclass(frozen=True)
class Step:
    """One check: a name for people and the words after `python`."""

    name: str
    words: tuple[str, ...]
    more: Mapping[str, str]


def lint_steps() -> list[Step]:
    """The slowest first, so that two at a time end together."""
    made = {name: secrets.token_urlsafe(50) for name in ("SECRET_KEY", "PLUGGY_WEBHOOK_SECRET")}
    production = {**PRODUCTION, **made}
    manage = "manage.py"
    return [
        Step("mypy", ("-m", "mypy", "."), {}),
        Step("import-linter", ("-c", LINT_IMPORTS), {}),
        Step("makemigrations --check", (manage, "makemigrations", "--check", "--dry-run"), {}),
        Step("check --deploy", (manage, "check", "--deploy", "--fail-level", "WARNING"), production),
        Step("ruff check", ("-m", "ruff", "check"), {}),
        Step("ruff format", ("-m", "ruff", "format", "--check"), {}),
    ]


def attempt(step: Step, environment: Mapping[str, str]) -> tuple[Step, float, str]:
    """Runs the step; its full output when it fails, nothing when it passes."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, *step.words],
        cwd=PROJECT,
        env={**environment, **step.more},
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = done.stdout.rstrip() or f"exit code {done.returncode}"
    return step, time.monotonic() - begun, output if done.returncode else ""


def lint(environment: Mapping[str, str]) -> list[str]:
    """Two checks at a time, one line each as they end; returns the names of the failing ones."""
    failed = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        runs = [pool.submit(attempt, step, environment) for step in lint_steps()]
        for run in as_completed(runs):
            step, seconds, output = run.result()
            print(
                f"{'✗' if output else '✓'} {step.name:<24}{seconds:5.1f} s"
                + (f"\n{output}" if output else "")
            )
            failed += [step.name] if output else []
    return failed


def side_by_side() -> list[str]:
    """A worker for each processor, each with databases of its own (tests/workers.py)."""
    return ["-n", str(min(os.cpu_count() or 1, MOST_WORKERS)), "--dist", "loadfile", "--no-loadscope-reorder"]


def tests(environment: Mapping[str, str], extra: list[str]) -> list[str]:
    """pytest prints for itself, to the last line."""
    browser = {"CHROMIUM_PATH": chromium.ready()}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *(extra or side_by_side())],
        cwd=PROJECT,
        env={**environment, **browser},
    )
    return ["tests"] if done.returncode else []


@contextmanager
def surroundings() -> Iterator[dict[str, str]]:
    """The environment of every step, with the private servers up; one run at a time in a folder."""
    var = PROJECT / "var" / "test"
    var.mkdir(parents=True, exist_ok=True)
    need_disk(var)
    busy = "a test run is already going on in this folder: wait for it"
    with processes.sole(var / "check.lock", wait=0, busy=busy), Services(var, durable=False) as services:
        urls = {"DATABASE_URL": services.database_url, "REDIS_URL": services.redis_url}
        yield {**os.environ, **TESTING, **urls, "PYTHONUTF8": "1"}


def run(only: str | None, extra: list[str]) -> int:
    begun, failed = time.monotonic(), []
    with surroundings() as environment:
        if only != "tests":
            failed += lint(environment)
        if only != "lint":
            failed += tests(environment, extra)
    spent = f"{time.monotonic() - begun:.0f} s"
    if failed:
        return complain(f"failed after {spent}: {', '.join(failed)}")
    print(f"✓ everything passed in {spent}")
    return 0


def interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(words: list[str]) -> int:
    cut = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(prog="python -m dev.check", description=__doc__)
    parser.add_argument("--only", choices=["lint", "tests"], help="half of it; words after -- go to pytest")
    chosen = parser.parse_args(words[:cut])
    signal.signal(signal.SIGTERM, interrupt)
    try:
        need_python()
        return run(chosen.only, words[cut + 1 :])
    except (Trouble, OSError) as trouble:
        return complain(trouble)
    except KeyboardInterrupt:
        return complain("interrupted")


if __name__ == "__main__":
    speak_utf8()
    sys.exit(main(sys.argv[1:]))
