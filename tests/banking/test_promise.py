"""The promise: each linked figure is the sum of the rows behind its link, to the cent, wherever it stands."""

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

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.actions import edits, links, parts, rules
from banking.actions.parts import Piece
from banking.actions.transactions import say
from banking.classify import Word
from banking.models import Basis, Item, Kind, Link, Rule, Transaction
from banking.periods import Month
from banking.reports.scope import OUTGOING
from banking.upsert.words import Said
from tests.localpluggy import AURORA, LocalPluggy
from tests.syncing import LATER, changed, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

CERRADO = 9003  # a card paid in part, a loan, rows that get new ids
ROWS = reverse("transactions")
ONE_PERIOD = ("overview", "report_categories", "report_merchants", "report_flow")
JSON = (
    *("overview_json", "report_categories_json", "report_merchants_json", "report_cash_flow_json"),
    *("report_pace_json", "report_flow_json", "cards_json", "instalments_json"),
)
SUMMED = ("owed", "known", "spending", "total", "value")
FIGURES_OF_A_PERSON = 400  # fewer would mean that the crawler looks at nothing
EACH = 40  # of so many figures one is followed to the last page of its rows
ROW = re.compile(r"/transactions/[0-9a-f-]{36}/")


# --- A person to whom everything happens -------------------------------------------------------------
@pytest.fixture
def awkward(alice: User, connect: Callable[..., Item], pluggy: LocalPluggy) -> User:
    """Two banks with cards, and a hand that recategorises, hides, splits, tags, rules and confirms."""
    bank = connect(alice, connector=AURORA)
    connect(alice, connector=CERRADO)
    for body in (
        {"description": "HOTEL EM MILAO", "amount": -80},
        {"description": "GORJETA", "amount": -0.01},
    ):
        pluggy.spend(str(bank.id), **body, accountType="CREDIT_CARD", categoryId="12010000")
    pluggy.control("POST", f"/items/{bank.id}/refund", amount=0.01)
    changed(bank)
    run(bank, after=LATER)
    _speak(alice)
    return alice


def _speak(alice: User) -> None:
    now = timezone.now()
    spent = Transaction.objects.of(alice).live().filter(kind=Kind.EXPENSE).order_by("-local_date", "id")
    first, second, third, *rest = spent[:30]
    say(first, Said(Word("11020000"), "uma nota", ("férias", "casa")))
    say(second, Said(Word(hidden=True)))
    third_of_it = (abs(third.flow) / 3).quantize(Decimal("0.01"))
    parts.split(third, [Piece(third_of_it, "18010000", "um terço", None)])
    say(rest[0], Said(Word(kind=Kind.TRANSFER)))
    edits.carry_out(
        edits.begin_with(alice, [row.id for row in rest[1:6]], edits.Change("08030000"), now=now), now=now
    )
    rule = Rule(user=alice, text="padaria", category_id="10000000", tags=["pão"], made_at=now)
    rules.apply(rules.save(rule, now=now))
    for link in Link.objects.of(alice).filter(state=Link.State.SUGGESTED)[:2]:
        links.confirm(link, now=now)


# --- What a page says --------------------------------------------------------------------------------
@dataclass(frozen=True)
class Figure:
    url: str  # of its rows
    value: Decimal


@dataclass
class Page(HTMLParser):
    """The figures that are linked to rows, and the addresses of everything else."""

    text: str
    figures: list[Figure] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    _url: str = ""
    _values: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = dict(attributes)
        if tag == "a":
            self._url, self._values = said.get("href") or "", []
            self.links.append(self._url)
        if tag == "data" and self._url:
            self._values.append(said.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag != "a":
            return
        if self._url.startswith(f"{ROWS}?") and self._values:
            (value,) = self._values  # one link says one figure
            self.figures.append(Figure(self._url, Decimal(value)))
        self._url = ""


class Crawler:
    """Follows figures; the rows behind an address are summed once."""

    def __init__(self, client: Client) -> None:
        self.client, self._sums = client, dict[str, Decimal]()

    def page(self, url: str, language: str = "pt-br") -> Page:
        answer = self.client.get(url, headers={"Accept-Language": language})
        assert answer.status_code == 200, url
        return Page(answer.content.decode())

    def wrong(self, where: str, figures: list[Figure]) -> list[str]:
        return [
            f"{where}: {one.value} is said, its rows are {self.sum(one.url)}: {one.url}"
            for one in figures
            if self.sum(one.url) != one.value
        ]

    def sum(self, url: str) -> Decimal:
        """Of the rows behind the address, as its figure counts them."""
        if url not in self._sums:
            query = urlsplit(url).query
            total = sum((amount for _, amount in self.rows(query)), Decimal(0))
            counts = parse_qs(query).get("counts", [""])[0]
            self._sums[url] = -total if counts in OUTGOING else total
        return self._sums[url]

    def rows(self, query: str) -> Iterator[tuple[str, Decimal]]:
        """Id and amount of each, from the file that the rows' page offers: a page of it is fifty rows."""
        answer = self.client.get(f"{reverse('export_csv')}?{query}")
        content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        _heading, *lines = csv.reader(content.decode("utf-8-sig").splitlines(), delimiter=";")
        for line in lines:
            yield line[-1], Decimal(line[6].replace(",", "."))

    def listed(self, url: str) -> list[str]:
        """The ids on the rows' page itself and on all that follow it."""
        page = self.page(url)
        further = next((link for link in page.links if "before=" in link), None)
        ids = [link.split("/")[2] for link in page.links if ROW.fullmatch(link)]
        return [*dict.fromkeys(ids), *(self.listed(further) if further else ())]


def _addresses(alice: User) -> Iterator[str]:
    """Of each page that says figures, in both bases, for months, a range of days and everything."""
    month = Month.of(timezone.localdate())
    days = {"from": (month + -2).day(10).isoformat(), "to": (month + -1).day(17).isoformat()}
    months = [{"month": str(month), "basis": basis} for basis in Basis.values]
    for name, query in product(ONE_PERIOD, (*months, {"month": str(month + -1)}, days)):
        yield f"{reverse(name)}?{urlencode(query)}"
    for query in months:
        yield f"{reverse('report_cash_flow')}?{urlencode(query)}"
    yield reverse("report_pace")
    for name in ("cards", "instalments", "bills_due", "rules", "worth", "investments", "suggestions"):
        yield reverse(name)
    for account in alice.accounts.filter(type="CREDIT"):  # type: ignore[attr-defined]
        for at in _months(3):
            yield reverse("bill", args=[account.id, str(at)])


# --- The promise -------------------------------------------------------------------------------------
def test_each_figure_is_the_sum_of_its_rows(awkward: User, as_alice: Client) -> None:
    crawler, followed = Crawler(as_alice), set[Figure]()
    for place, url in enumerate(_addresses(awkward)):
        figures = crawler.page(url).figures
        assert crawler.wrong(url, figures) == []
        followed.update(figures)
        if place % 3 == 0:
            in_english = crawler.page(url, language="en").figures
            assert Counter(in_english) == Counter(figures), url  # the order is the names'
    for name, month in product(JSON, _months(2)):
        figures = list(_told(as_alice.get(reverse(name), {"month": str(month)}).json()))
        assert crawler.wrong(name, figures) == []
        followed.update(figures)
    assert len(followed) > FIGURES_OF_A_PERSON
    for one in sorted(followed, key=lambda one: one.url)[::EACH]:
        ids = [id for id, _ in crawler.rows(urlsplit(one.url).query)]
        assert sorted(crawler.listed(one.url)) == sorted(ids), one.url


def _months(count: int) -> list[Month]:
    return [Month.of(timezone.localdate()) + -back for back in range(count)]


def _told(value: Any) -> Iterator[Figure]:
    """`income` beside `income_rows_url`; beside a lone `rows_url` the sum that the report is about."""
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _told(part)
    for key in value if isinstance(value, dict) else ():
        if key.endswith("rows_url"):
            name = key.removesuffix("_rows_url")
            said = value[name] if name != key else next(value[one] for one in SUMMED if one in value)
            yield Figure(value[key].removeprefix("http://testserver"), Decimal(said))
