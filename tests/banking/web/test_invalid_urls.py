"""Invalid URLs: they give a clear message or a 404, never other figures, and change nothing."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from banking.ledger.models import MonthlyTotal, Transaction
from tests.factories import create_item_with_transactions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

REPORTS = ("categories", "merchants", "cash_flow", "pace", "money_flow")
PAGES = ("overview", "transactions", *(f"report_{name}" for name in REPORTS))
JSON_VIEWS = ("overview_json", *(f"report_{name}_json" for name in REPORTS))
INVALID_PERIODS = [
    ({"from": "2026-11-20", "to": "2026-11-01"}, "ends before it starts"),
    ({"from": "1960-01-01", "to": "2026-11-01"}, "longer than 50 years"),
    ({"from": "2026-11-31"}, "read that date"),
    ({"month": "2026-13"}, "read that month"),
    ({"month": "٢٠٢٦-11"}, "read that month"),
    ({"from": "0001-01-01", "to": "9999-12-31"}, "read that date"),
]
NOT_FOUND = [
    {"category": "99000000"},
    {"category": "x' OR 1=1"},
    {"account": str(uuid.UUID(int=1))},
    {"account": "1"},
    {"item": str(uuid.UUID(int=1))},
    {"measure": "everything"},
    {"rule": "1"},
    {"rule": "9" * 40},
    {"bill": str(uuid.UUID(int=1))},
]


@pytest.fixture(autouse=True)
def _transaction(alice: User) -> None:
    create_item_with_transactions(
        alice, [{"amount": "-80.50", "date": "2026-11-05T15:00:00Z", "description": "AÇOUGUE"}]
    )


def stored_data() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Transaction, MonthlyTotal)]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("query", "message"), INVALID_PERIODS)
def test_an_invalid_period_shows_one_message(
    name: str, query: dict[str, str], message: str, as_alice: Client
) -> None:
    before = stored_data()
    response = as_alice.get(reverse(name), query, headers={"Accept-Language": "en"})
    page = response.content.decode()
    assert (response.status_code, page.count('class="alert warn"')) == (200, 1)
    assert message in page and stored_data() == before


@pytest.mark.parametrize("name", JSON_VIEWS)
@pytest.mark.parametrize("query", [query for query, _ in INVALID_PERIODS])
def test_json_views_answer_an_invalid_period_with_400(
    name: str, query: dict[str, str], as_alice: Client
) -> None:
    response = as_alice.get(reverse(name), query)
    assert response.status_code == 400 and list(response.json()) == ["error"]


@pytest.mark.parametrize("name", [*PAGES, *JSON_VIEWS, "export_csv", "export_xlsx"])
@pytest.mark.parametrize("query", NOT_FOUND)
def test_an_unknown_filter_value_is_404(name: str, query: dict[str, str], as_alice: Client) -> None:
    assert as_alice.get(reverse(name), query).status_code == 404


@pytest.mark.parametrize("before", ["x", "2026-11-05", "2026-11-05_1", "9999-99-99_" + "0" * 36, "%00"])
def test_an_invalid_cursor_is_404(before: str, as_alice: Client) -> None:
    assert as_alice.get(reverse("transactions"), {"before": before}).status_code == 404


def test_a_cursor_after_the_last_transaction_gives_an_empty_list(as_alice: Client) -> None:
    beyond = f"1999-01-01_{uuid.UUID(int=0)}"
    response = as_alice.get(reverse("transactions"), {"month": "all", "before": beyond})
    assert response.status_code == 200 and "AÇOUGUE" not in response.content.decode()
