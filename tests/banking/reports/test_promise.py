"""Linked figures: every figure with a link is, to the cent, the sum of the transactions behind its link."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser
from itertools import product
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.connections.models import Item
from banking.ledger import account_settings, bulk_edits, rule_edits, splits
from banking.ledger.classification import Override
from banking.ledger.edits import BulkChange, Split, TransactionEdits
from banking.ledger.matching import reviews
from banking.ledger.models import (
    Basis,
    Kind,
    Rule,
    Transaction,
    TransactionMatch,
)
from banking.ledger.overrides import save_edits
from banking.money.periods import Month
from banking.reports.transaction_filter import OUTGOING
from banking.web.api_client import pluggy as our_client
from tests.local_pluggy import AURORA, LocalPluggy
from tests.proof.comparison import assert_screens_are_equal
from tests.sync_helpers import LATER, mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

CERRADO = 9003  # a card paid in part, a loan, transactions that get new ids
TRANSACTIONS = reverse("transactions")
PAGES_OF_A_PERIOD = ("overview", "report_categories", "report_merchants", "report_money_flow")
JSON_REPORTS = (
    *("overview_json", "report_categories_json", "report_merchants_json", "report_cash_flow_json"),
    *("report_pace_json", "report_money_flow_json", "cards_json", "installments_json"),
)
# The keys that a lone `transactions_url` in a JSON report may belong to.
FIGURE_KEYS = ("owed", "known", "spending", "total", "value")
MIN_FIGURES = 400  # fewer would mean that the crawler finds no figures
EVERY = 40  # of so many figures, one is followed to the last page of its transactions
TRANSACTION = re.compile(r"/transactions/[0-9a-f-]{36}/")


# --- A user with every kind of edit --------------------------------------------------------------------
@pytest.fixture
def user_with_edits(alice: User, connect: Callable[..., Item], pluggy: LocalPluggy) -> User:
    """A user with two banks and cards: with overrides, splits, tags, a bulk edit, a rule and confirmed matches.

    Some amounts are in another currency. After the edits the second bank is connected again by Open Finance, and
    edited once more; one account is left out, and one is closed.
    """
    bank, other = connect(alice, connector=AURORA), connect(alice, connector=CERRADO)
    for body in (
        {"description": "HOTEL EM MILAO", "amount": -80},
        {"description": "GORJETA", "amount": -0.01},
        {"description": "STREAM", "amount": -13.53, "raw": {"currencyCode": "USD"}},
        {"description": "MUSEU", "amount": -20, "raw": {"currencyCode": "EUR"}},
        {
            "description": "TREM",
            "amount": -9,
            "raw": {"currencyCode": "USD", "amountInAccountCurrency": 48.7},
        },
    ):
        pluggy.add_transaction(str(bank.id), **body, accountType="CREDIT_CARD", categoryId="12010000")
    pluggy.control("POST", f"/items/{bank.id}/refund", amount=0.01)
    mark_changed(bank)
    run_sync(bank, after=LATER)
    _edit(alice)
    successor, today = _connect_again(alice, other, pluggy), timezone.localdate()
    account_settings.leave_out(bank.accounts.get(subtype="SAVINGS_ACCOUNT"), is_left_out=True)
    account_settings.close(successor.accounts.get(subtype="CHECKING_ACCOUNT"), today, today=today)
    return alice


def _connect_again(alice: User, item: Item, pluggy: LocalPluggy) -> Item:
    """Connect a bank by Open Finance, with a shorter history, and edit what counts there; return it."""
    successor_id = pluggy.control("POST", f"/items/{item.id}/reconnect", months=4)["id"]
    pluggy.wait_until_collected(successor_id)
    successor = actions.claim(alice, UUID(successor_id), client=our_client(), now=timezone.now())
    run_sync(successor)
    assert item.accounts.filter(is_superseded=True).exists()
    spent = Transaction.objects.filter(account__item=successor, kind=Kind.EXPENSE).live()
    for transaction in spent.order_by("-local_date", "id")[:3]:
        save_edits(transaction, TransactionEdits(Override("11020000"), "de novo", ("casa",)))
    return successor


def _edit(alice: User) -> None:
    now = timezone.now()
    spent = Transaction.objects.of(alice).live().filter(kind=Kind.EXPENSE).order_by("-local_date", "id")
    first, second, third, fourth, *others = spent[:30]
    save_edits(first, TransactionEdits(Override("11020000"), "uma nota", ("férias", "casa")))
    save_edits(second, TransactionEdits(Override(hidden=True)))
    a_third = (abs(third.signed_amount) / 3).quantize(Decimal("0.01"))
    splits.replace_splits(third, [Split(a_third, "18010000", "um terço", None)])
    save_edits(fourth, TransactionEdits(Override(kind=Kind.TRANSFER)))
    ids = [transaction.id for transaction in others[:5]]
    bulk_edits.execute(bulk_edits.create_for_ids(alice, ids, BulkChange("08030000"), now=now), now=now)
    rule = Rule(user=alice, text="padaria", category_id="10000000", tags=["pão"], created_at=now)
    rule_edits.apply(rule_edits.save(rule, now=now))
    for match in TransactionMatch.objects.of(alice).filter(state=TransactionMatch.State.SUGGESTED)[:2]:
        reviews.confirm(match, now=now)


# --- The figures of a page -----------------------------------------------------------------------------
@dataclass(frozen=True)
class Figure:
    url: str  # of its transactions
    value: Decimal


@dataclass
class Page(HTMLParser):
    """The figures of a page that are linked to transactions, and all its links."""

    text: str
    figures: list[Figure] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    _url: str = ""
    _values: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        by_name = dict(attributes)
        if tag == "a":
            self._url, self._values = by_name.get("href") or "", []
            self.links.append(self._url)
        if tag == "data" and self._url:
            self._values.append(by_name.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag != "a":
            return
        if self._url.startswith(f"{TRANSACTIONS}?") and self._values:
            (value,) = self._values  # a link has one figure
            self.figures.append(Figure(self._url, Decimal(value)))
        self._url = ""


class Crawler:
    """Follows the links of figures. The transactions behind a URL are summed once."""

    def __init__(self, client: Client) -> None:
        self.client, self._sums = client, dict[str, Decimal]()

    def page(self, url: str, language: str = "pt-br") -> Page:
        answer = self.client.get(url, headers={"Accept-Language": language})
        assert answer.status_code == 200, url
        return Page(answer.content.decode())

    def problems(self, page: str, figures: list[Figure]) -> list[str]:
        return [
            f"{page} shows {figure.value}, but the sum is {self.sum(figure.url)}: {figure.url}"
            for figure in figures
            if self.sum(figure.url) != figure.value
        ]

    def sum(self, url: str) -> Decimal:
        """Return the sum of the transactions behind the URL, with the sign that its figure has."""
        if url not in self._sums:
            query = urlsplit(url).query
            total = sum((amount for _, amount in self.transactions(query)), Decimal(0))
            measure = parse_qs(query).get("measure", [""])[0]
            self._sums[url] = -total if measure in OUTGOING else total
        return self._sums[url]

    def transactions(self, query: str) -> Iterator[tuple[str, Decimal]]:
        """Yield id and amount of each, from the CSV export: a page shows only fifty transactions."""
        answer = self.client.get(f"{reverse('export_csv')}?{query}")
        content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        _heading, *lines = csv.reader(content.decode("utf-8-sig").splitlines(), delimiter=";")
        for line in lines:
            yield line[-1], Decimal(line[6].replace(",", "."))

    def listed_ids(self, url: str) -> list[str]:
        """Return the ids on this page of the transactions list and on all that follow it."""
        page = self.page(url)
        next_url = next((link for link in page.links if "before=" in link), None)
        ids = [link.split("/")[2] for link in page.links if TRANSACTION.fullmatch(link)]
        return [*dict.fromkeys(ids), *(self.listed_ids(next_url) if next_url else ())]


def _urls(alice: User) -> Iterator[str]:
    """Yield the URLs of all pages with figures, in both bases, for months and for a range of days."""
    month = Month.of(timezone.localdate())
    days = {"from": (month + -2).day(10).isoformat(), "to": (month + -1).day(17).isoformat()}
    months = [{"month": str(month), "basis": basis} for basis in Basis.values]
    for name, query in product(PAGES_OF_A_PERIOD, (*months, {"month": str(month + -1)}, days)):
        yield f"{reverse(name)}?{urlencode(query)}"
    for query in months:
        yield f"{reverse('report_cash_flow')}?{urlencode(query)}"
    yield reverse("report_pace")
    for name in ("cards", "installments", "bills_due", "rules", "net_worth", "investments", "matches"):
        yield reverse(name)
    for account in alice.accounts.filter(type="CREDIT", is_superseded=False):
        for bill_month in _last_months(3):
            yield reverse("bill", args=[account.id, str(bill_month)])


# --- The test ------------------------------------------------------------------------------------------
def test_each_figure_is_the_sum_of_its_transactions(
    user_with_edits: User, as_alice: Client, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {
        "export": ""
    }  # it exports hundreds of lists
    crawler, followed = Crawler(as_alice), set[Figure]()
    for number, url in enumerate(_urls(user_with_edits)):
        figures = crawler.page(url).figures
        assert crawler.problems(url, figures) == []
        followed.update(figures)
        if number % 3 == 0:
            in_english = crawler.page(url, language="en").figures
            assert Counter(in_english) == Counter(figures), url  # some lists are sorted by translated names
    for name, month in product(JSON_REPORTS, _last_months(2)):
        figures = list(_json_figures(as_alice.get(reverse(name), {"month": str(month)}).json()))
        assert crawler.problems(name, figures) == []
        followed.update(figures)
    assert len(followed) > MIN_FIGURES
    currencies = {parse_qs(urlsplit(figure.url).query).get("currency", [""])[0] for figure in followed}
    assert {"BRL", "USD", "EUR"} <= currencies
    for month in _last_months(3):
        assert_screens_are_equal(user_with_edits, month)
    for figure in sorted(followed, key=lambda figure: figure.url)[::EVERY]:
        ids = [transaction_id for transaction_id, _ in crawler.transactions(urlsplit(figure.url).query)]
        assert sorted(crawler.listed_ids(figure.url)) == sorted(ids), figure.url


def _last_months(count: int) -> list[Month]:
    return [Month.of(timezone.localdate()) + -back for back in range(count)]


def _json_figures(value: Any) -> Iterator[Figure]:
    """Yield the figures of a JSON report.

    `income_transactions_url` belongs to `income`; a lone `transactions_url` belongs to the first of FIGURE_KEYS.
    """
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _json_figures(child)
    for key in value if isinstance(value, dict) else ():
        if key.endswith("transactions_url"):
            name = key.removesuffix("_transactions_url")
            if name == key:
                name = next(figure_key for figure_key in FIGURE_KEYS if figure_key in value)
            yield Figure(value[key].removeprefix("http://testserver"), Decimal(value[name]))
