"""The running product: gunicorn, a Celery worker with beat, the local Pluggy, and headless Chromium."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import call_command
from django.db import connection
from django.test.utils import setup_databases, teardown_databases

from dev import demo_config
from tests.browser import browser_context_args, browser_type_launch_args, page  # noqa: F401
from tests.local_pluggy import ROOT, LocalPluggy, free_port, wait_until
from tests.workers import redis_url

# Playwright keeps an event loop in this thread; the tests' own queries are still synchronous.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@dataclass
class Product:
    """The product as processes, reached over HTTP."""

    url: str
    log: Path


@pytest.fixture(scope="package")
def database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database, also when no test asks pytest-django for one."""
    with django_db_blocker.unblock():
        is_missing = not str(connection.settings_dict["NAME"]).startswith("test_")
        created = setup_databases(verbosity=0, interactive=False) if is_missing else []
    yield
    with django_db_blocker.unblock():
        teardown_databases(created, verbosity=0)


@pytest.fixture(scope="package")
def running_product(
    database: None,
    django_db_blocker: Any,
    local_pluggy: LocalPluggy,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Product]:
    """Run the product on the test database.

    Each test has its own users; the tables are emptied at the end, when no worker uses them any more.
    """
    folder = tmp_path_factory.mktemp("product")
    port = free_port()
    product = Product(f"http://localhost:{port}", folder / "log")
    environment = os.environ | _environment(product, local_pluggy)
    web = demo_config.process_commands(web_port=port, pluggy_port=0, folder=str(folder))["web"]
    commands = [
        web,
        ["celery", "-A", "pfm", "worker", "-c", "1", "-B", "-s", str(folder / "beat"), "-l", "warning"],
    ]
    with product.log.open("w") as log:
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", *command], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
            for command in commands
        ]
        try:
            wait_until(lambda: _is_up(product.url), seconds=30, what="the product answers")
            yield product
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(20)
            with django_db_blocker.unblock():
                call_command("flush", interactive=False, verbosity=0)
                connection.close()


def _environment(product: Product, pluggy: LocalPluggy) -> dict[str, str]:
    address, mark, options = os.environ["DATABASE_URL"].partition("?")
    head, _, _name = address.rpartition("/")
    return {
        "DATABASE_URL": f"{head}/{connection.settings_dict['NAME']}{mark}{options}",
        "REDIS_URL": redis_url(of_the_product=True),
        "PUBLIC_URL": product.url,
        "PLUGGY_API_URL": pluggy.url,
        "PLUGGY_CONNECT_URL": pluggy.url,
        "DJANGO_SETTINGS_MODULE": "pfm.settings",
    }


def _is_up(url: str) -> bool:
    try:
        return requests.get(f"{url}/accounts/login/", timeout=5).ok
    except requests.RequestException:
        return False


@pytest.fixture
def product(
    running_product: Product, django_db_blocker: Any, pluggy: LocalPluggy, settings: Any
) -> Iterator[Product]:
    """The running product, with its webhook registered at an empty local Pluggy."""
    settings.PUBLIC_URL = running_product.url
    with django_db_blocker.unblock():
        call_command("load_categories", verbosity=0)
        call_command("register_webhook", verbosity=0)
        yield running_product
