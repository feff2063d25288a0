"""Run every check and test on private servers: first the linters, then pytest. `make test` runs this.

With DATABASE_URL or REDIS_URL in the environment, the tests use that server instead.
"""

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

from dev import chromium, given_servers, processes
from dev.command_line import (
    DevToolError,
    print_error,
    require_disk_space,
    require_python,
    use_utf8_output,
)
from dev.services import Services

PROJECT = Path(__file__).resolve().parent.parent
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as run; run()"
# djade is a program without a Python module.
CHECK_TEMPLATES = """
import pathlib, subprocess, sys
program = pathlib.Path(sys.executable).with_name("djade")
templates = sorted(pathlib.Path("templates").rglob("*.html"))
sys.exit(subprocess.run([program, "--check", "--target-version", "5.2", *templates]).returncode)
"""
TEST_SETTINGS = {
    "SECRET_KEY": "only-for-tests-0123456789-0123456789-0123456789-0123456789",
    "DOCUMENT_HASH_KEYS": "only-for-tests-documents-0123456789-0123456789",
    "DEBUG": "True",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
    "PUBLIC_URL": "http://localhost:8000",
    "PLUGGY_API_URL": "http://api.pluggy.test",
    "PLUGGY_CONNECT_URL": "http://connect.pluggy.test",
    "PLUGGY_CLIENT_ID": "7e57c11e-0000-4000-8000-000000000001",
    "PLUGGY_CLIENT_SECRET": "pluggy_sk_only_for_tests",
    "PLUGGY_INCLUDE_SANDBOX": "True",
    "PLUGGY_WEBHOOK_SECRET": "only-for-tests-webhook-0123456789-0123456789",
    "PLUGGY_LIMITS_PERCENT": "100000",  # the local Pluggy has no rate limits
}
PRODUCTION_SETTINGS = {
    "DEBUG": "False",
    "ALLOWED_HOSTS": "lume.example",
    "PUBLIC_URL": "https://lume.example",
    "PLUGGY_API_URL": "https://api.pluggy.ai",
    "PLUGGY_CONNECT_URL": "https://connect.pluggy.ai",
    "PLUGGY_INCLUDE_SANDBOX": "False",
    "EMAIL_URL": "smtp+tls://lume:password@mail.lume.example:587",
}
MAX_TEST_WORKERS = 4  # each starts its own product and browser


@dataclass(frozen=True)
class LintStep:
    """Describe one check: its printed name, the arguments after `python`, and extra environment variables."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]

    @property
    def first_word(self) -> str:
        return self.name.split()[0]


def lint_steps() -> list[LintStep]:
    """Return the checks, the slowest first, so that the two running in parallel end at the same time."""
    names = ("SECRET_KEY", "DOCUMENT_HASH_KEYS", "PLUGGY_CLIENT_SECRET", "PLUGGY_WEBHOOK_SECRET")
    generated = {name: secrets.token_urlsafe(50) for name in names}
    production = {**PRODUCTION_SETTINGS, **generated}
    manage = "manage.py"
    return [
        LintStep("mypy", ("-m", "mypy", "."), {}),
        LintStep("import-linter", ("-c", LINT_IMPORTS), {}),
        LintStep("makemigrations --check", (manage, "makemigrations", "--check", "--dry-run"), {}),
        LintStep(
            "check --deploy",
            (manage, "check", "--deploy", "--offline", "--fail-level", "WARNING"),
            production,
        ),
        LintStep("codespell", ("-m", "codespell_lib"), {}),
        LintStep("djade", ("-c", CHECK_TEMPLATES), {}),
        LintStep("ruff check", ("-m", "ruff", "check"), {}),
        LintStep("ruff format", ("-m", "ruff", "format", "--check"), {}),
    ]


def run_step(step: LintStep, environment: Mapping[str, str]) -> tuple[LintStep, float, str]:
    """Run one check; return it with its seconds and, if it failed, its output (else an empty string)."""
    started = time.monotonic()
    completed = subprocess.run(
        [sys.executable, *step.arguments],
        cwd=PROJECT,
        env={**environment, **step.environment},
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = completed.stdout.rstrip() or f"exit code {completed.returncode}"
    return step, time.monotonic() - started, output if completed.returncode else ""


def run_linters(environment: Mapping[str, str], only: str | None = None) -> list[str]:
    """Run two checks at a time, print one line for each, and return the names of the failed ones.

    `only` is the first word of the names of the checks to run, e.g. "ruff" for two checks.
    """
    failed = []
    steps = [step for step in lint_steps() if only in (None, step.first_word)]
    with ThreadPoolExecutor(max_workers=2) as pool:
        futures = [pool.submit(run_step, step, environment) for step in steps]
        for future in as_completed(futures):
            step, seconds, output = future.result()
            print(
                f"{'✗' if output else '✓'} {step.name:<24}{seconds:5.1f} s"
                + (f"\n{output}" if output else "")
            )
            failed += [step.name] if output else []
    return failed


def parallel_options() -> list[str]:
    """Return pytest's options for one worker per processor; each has its own databases (tests/workers.py)."""
    worker_count = min(os.cpu_count() or 1, MAX_TEST_WORKERS)
    return ["-n", str(worker_count), "--dist", "loadfile", "--no-loadscope-reorder"]


def run_tests(environment: Mapping[str, str], pytest_arguments: list[str]) -> list[str]:
    """Run pytest, which prints for itself; return ["tests"] if it failed, else an empty list."""
    browser = {"CHROMIUM_PATH": chromium.find_or_install()}
    completed = subprocess.run(
        [sys.executable, "-m", "pytest", *(pytest_arguments or parallel_options())],
        cwd=PROJECT,
        env={**environment, **browser},
    )
    return ["tests"] if completed.returncode else []


@contextmanager
def test_environment() -> Iterator[dict[str, str]]:
    """Yield the environment of every step. Only one run at a time.

    The private servers are started, except those that the environment names by DATABASE_URL or REDIS_URL.
    """
    var = PROJECT / "var" / "test"
    var.mkdir(parents=True, exist_ok=True)
    require_disk_space(var)
    busy = "Another test run is going on in this folder. Wait for it."
    lock = processes.exclusive_lock(var / "check.lock", wait=0, busy=busy)
    given = given_servers.given_urls(os.environ)
    print(*given_servers.check(given), sep="\n", end="\n" if given else "")
    services = Services(
        var, durable=False, postgres="DATABASE_URL" not in given, redis="REDIS_URL" not in given
    )
    with lock, services:
        urls = {"DATABASE_URL": services.database_url, "REDIS_URL": services.redis_url, **given}
        yield {**os.environ, **TEST_SETTINGS, **urls, "PYTHONUTF8": "1"}


def run(only: str | None, pytest_arguments: list[str]) -> int:
    started, failed = time.monotonic(), []
    with test_environment() as environment:
        if only != "tests":
            failed += run_linters(environment, None if only == "lint" else only)
        if only in (None, "tests"):
            failed += run_tests(environment, pytest_arguments)
    duration = f"{time.monotonic() - started:.0f} s"
    if failed:
        return print_error(f"failed after {duration}: {', '.join(failed)}")
    print(f"✓ everything passed in {duration}")
    return 0


def raise_keyboard_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: list[str]) -> int:
    separator = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(
        prog="python -m dev.check", description=__doc__, epilog="Arguments after -- go to pytest."
    )
    names = sorted({step.first_word for step in lint_steps()})
    parser.add_argument(
        "--only",
        choices=["lint", "tests", *names],
        help="run only all linters, only the tests, or one linter",
    )
    options = parser.parse_args(arguments[:separator])
    signal.signal(signal.SIGTERM, raise_keyboard_interrupt)
    try:
        require_python()
        return run(options.only, arguments[separator + 1 :])
    except (DevToolError, OSError) as error:
        return print_error(error)
    except KeyboardInterrupt:
        return print_error("interrupted")


if __name__ == "__main__":
    use_utf8_output()
    sys.exit(main(sys.argv[1:]))
