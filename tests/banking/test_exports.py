"""The rows of a list as a file: the same rows, the same sum, and nothing that a spreadsheet would run."""

import csv
import io
import tracemalloc
import zipfile
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from banking.models import CategoryTree, Transaction
from banking.periods import Month, Period
from banking.reports import transactions
from banking.reports.scope import Scope
from banking.views.exports import exact, harmless
from tests.rows import store_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

NOVEMBER = {"month": "2026-11"}
HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    ' =cmd|"/c calc"!A1',
    "\n=1",
]
PLAIN = ["PADARIA; CAFÉ", 'DITO "BAR"', "a=1", "1-2", "'x", "DUAS\nLINHAS", "<script>", "🥖"]


def at(day: int, amount: str, **more: Any) -> dict[str, Any]:
    return {"date": f"2026-11-{day:02}T15:00:00Z", "amount": amount} | more


def table(client: Client, language: str = "pt-br", **query: str) -> list[dict[str, str]]:
    client.cookies["django_language"] = language
    answer = client.get(reverse("export_csv"), NOVEMBER | query)
    assert answer["Content-Disposition"] == 'attachment; filename="lume-transactions.csv"'
    body = b"".join(answer.streaming_content)
    assert body.startswith(b"\xef\xbb\xbf")
    comma = ";" if language == "pt-br" else ","
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=comma))


def cells(client: Client, **query: str) -> list[list[tuple[str | None, str]]]:
    """Each cell's type and text, as the file's XML has them."""
    answer = client.get(reverse("export_xlsx"), NOVEMBER | query)
    book = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    assert not list(sheet.iter(f"{space}f"))  # no formula
    return [
        [(cell.get("t"), "".join(cell.itertext())) for cell in row.iter(f"{space}c")]
        for row in sheet.iter(f"{space}row")
    ]


def test_the_file_has_the_rows_and_the_sum_of_the_page(alice: User, as_alice: Client) -> None:
    store_rows(alice, [at(day, f"-{day}.01") for day in range(1, 20)] + [at(20, "1000.00"), at(21, "-0.001")])
    for query in ({}, {"q": "padaria", "least": "5"}, {"counts": "spending"}):
        scope = Scope(
            alice, Period.of_month(Month(2026, 11)), text=query.get("q", ""),
            least=Decimal(query["least"]) if "least" in query else None, counts=query.get("counts"),
        )  # fmt: skip
        (total,) = transactions.totals(scope, CategoryTree.load())
        english = table(as_alice, "en", **query)
        assert sum(Decimal(row["Amount"]) for row in english) == total.flow
        portuguese = table(as_alice, **query)
        assert sum(Decimal(row["Valor"].replace(",", ".")) for row in portuguese) == total.flow
        assert len(english) == len(portuguese) == total.rows == len(cells(as_alice, **query)) - 1
        amounts = [row[6] for row in cells(as_alice, **query)[1:]]
        assert {kind for kind, _ in amounts} <= {None, "n"}
        assert sum(Decimal(text) for _, text in amounts) == total.flow


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_a_formula(alice: User, as_alice: Client, text: str) -> None:
    store_rows(alice, [at(1, "-10.00", description=text)])
    Transaction.objects.update(note=text, merchant_name=text, counterparty=text, tags=[text])
    (row,) = table(as_alice)
    texts = [value for value in row.values() if value.startswith("'")]
    assert texts == [f"'{text}"] * 5
    assert row["Valor"] == "-10,00"
    assert ("inlineStr", f"'{text}") in cells(as_alice)[1] or "\r" in text


@pytest.mark.parametrize("text", PLAIN)
def test_other_texts_come_as_they_are(alice: User, as_alice: Client, text: str) -> None:
    store_rows(alice, [at(1, "-10.00", description=text)])
    assert table(as_alice)[0]["Descrição"] == text == harmless(text)


def test_amounts_keep_all_that_the_bank_sent() -> None:
    assert [exact(Decimal(text)) for text in ("-10.00000000", "0E-8", "1234567.1", "0.00100000", "1E+3")] == [
        *("-10.00", "0.00", "1234567.10", "0.001", "1000.00"),
    ]


def test_a_filter_that_is_not_clear_gives_no_file(alice: User, as_alice: Client) -> None:
    answer = as_alice.get(reverse("export_csv"), NOVEMBER | {"least": "1.234"})
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("transactions"))


def test_only_ones_own_rows(alice: User, bob: User, as_bob: Client) -> None:
    store_rows(alice, [at(1, "-10.00", description="SEGREDO")])
    assert table(as_bob) == []
    assert len(cells(as_bob)) == 1


@pytest.mark.parametrize("name", ["export_csv", "export_xlsx"])
def test_many_rows_take_no_more_memory_than_some(alice: User, as_alice: Client, name: str) -> None:
    peaks = []
    for rows in (4_000, 8_000):
        store_rows(alice, [at(1 + n % 28, "-10.00") for n in range(rows)])
        tracemalloc.start()
        assert sum(len(part) for part in as_alice.get(reverse(name), NOVEMBER).streaming_content)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5
