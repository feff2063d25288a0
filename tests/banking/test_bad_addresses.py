"""Addresses that nobody can mean: a clear sentence or "not there", never another figure; nothing changes."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from banking.models import MonthTotal, Transaction
from tests.rows import store_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

REPORTS = ("categories", "merchants", "cash_flow", "pace", "flow")
PAGES = ("overview", "transactions", *(f"report_{name}" for name in REPORTS))
PROGRAMS = ("overview_json", *(f"report_{name}_json" for name in REPORTS))
UNREADABLE = [
    ({"from": "2026-11-20", "to": "2026-11-01"}, "ends before it begins"),
    ({"from": "1960-01-01", "to": "2026-11-01"}, "longer than 50 years"),
    ({"from": "2026-11-31"}, "That date cannot be read"),
    ({"month": "2026-13"}, "That month cannot be read"),
    ({"month": "٢٠٢٦-11"}, "That month cannot be read"),
    ({"from": "0001-01-01", "to": "9999-12-31"}, "That date cannot be read"),
]
NOT_THERE = [
    {"category": "99000000"},
    {"category": "x' OR 1=1"},
    {"account": str(uuid.UUID(int=1))},
    {"account": "1"},
    {"item": str(uuid.UUID(int=1))},
    {"counts": "everything"},
    {"rule": "1"},
    {"rule": "9" * 40},
    {"bill": str(uuid.UUID(int=1))},
]


@pytest.fixture(autouse=True)
def life(alice: User) -> None:
    store_rows(alice, [{"amount": "-80.50", "date": "2026-11-05T15:00:00Z", "description": "AÇOUGUE"}])


def state() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Transaction, MonthTotal)]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("query", "says"), UNREADABLE)
def test_a_period_that_cannot_be_read_is_said_once(
    name: str, query: dict[str, str], says: str, as_alice: Client
) -> None:
    before = state()
    answer = as_alice.get(reverse(name), query, headers={"Accept-Language": "en"})
    page = answer.content.decode()
    assert (answer.status_code, page.count('class="alert warn"')) == (200, 1)
    assert says in page and state() == before


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("query", [query for query, _ in UNREADABLE])
def test_a_program_gets_an_error_and_no_figures(name: str, query: dict[str, str], as_alice: Client) -> None:
    answer = as_alice.get(reverse(name), query)
    assert answer.status_code == 400 and list(answer.json()) == ["error"]


@pytest.mark.parametrize("name", [*PAGES, *PROGRAMS, "export_csv", "export_xlsx"])
@pytest.mark.parametrize("query", NOT_THERE)
def test_what_is_not_there_is_no_filter(name: str, query: dict[str, str], as_alice: Client) -> None:
    assert as_alice.get(reverse(name), query).status_code == 404


@pytest.mark.parametrize("before", ["x", "2026-11-05", "2026-11-05_1", "9999-99-99_" + "0" * 36, "%00"])
def test_a_place_that_is_none_is_not_found(before: str, as_alice: Client) -> None:
    assert as_alice.get(reverse("transactions"), {"before": before}).status_code == 404


def test_behind_the_last_row_there_is_nothing_more(as_alice: Client) -> None:
    beyond = f"1999-01-01_{uuid.UUID(int=0)}"
    answer = as_alice.get(reverse("transactions"), {"month": "all", "before": beyond})
    assert answer.status_code == 200 and "AÇOUGUE" not in answer.content.decode()
