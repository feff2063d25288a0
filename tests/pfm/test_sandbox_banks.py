"""Pluggy's test banks are offered where PLUGGY_INCLUDE_SANDBOX says so, whatever DEBUG is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from banking.web.views.connections import BANKS_KEY
from pfm.environment import Environment
from tests.local_pluggy import LocalPluggy

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_cached_banks() -> Iterator[None]:
    cache.delete(BANKS_KEY)
    yield
    cache.delete(BANKS_KEY)


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("included", [True, False])
def test_the_setting_decides(
    as_alice: Client, pluggy: LocalPluggy, settings: Any, included: bool, debug: bool
) -> None:
    settings.PLUGGY_INCLUDE_SANDBOX, settings.DEBUG = included, debug
    page = as_alice.get(reverse("connect"))
    assert page.context["config"]["includeSandbox"] is included
    assert f'"includeSandbox": {json.dumps(included)}' in page.content.decode()
    banks = as_alice.get(reverse("banks")).content.decode()
    assert ("Pluggy Bank" in banks) is included
    assert "Banco Aurora" in banks


@pytest.mark.parametrize(("value", "expected"), [(None, False), ("", False), ("True", True), ("0", False)])
def test_without_the_setting_there_are_none(
    monkeypatch: pytest.MonkeyPatch, value: str | None, expected: bool
) -> None:
    if value is not None:
        monkeypatch.setenv("A_SWITCH", value)
    env = Environment(Path("no .env"))
    assert env.boolean("A_SWITCH", default=False) is expected
    env.check()


def test_an_odd_value_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SWITCH", "perhaps")
    env = Environment(Path("no .env"))
    env.boolean("A_SWITCH", default=False)
    with pytest.raises(ImproperlyConfigured, match="A_SWITCH"):
        env.check()


def test_it_is_documented(project_root: Path) -> None:
    assert "PLUGGY_INCLUDE_SANDBOX=" in (project_root / ".env.example").read_text()
