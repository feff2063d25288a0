"""Exports of the transaction list: the same transactions, the same sum, and no formulas."""

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
from banking.ledger.models import CategoryTree, Transaction
from banking.money.periods import Month, Period
from banking.reports import transactions
from banking.reports.transaction_filter import TransactionFilter
from banking.web.views.exports import escape_formula, exact
from tests.factories import create_item_with_transactions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

NOVEMBER = {"month": "2026-11"}
FORMULAS = [
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
HARMLESS = ["PADARIA; CAFÉ", 'DITO "BAR"', "a=1", "1-2", "'x", "DUAS\nLINHAS", "<script>", "🥖"]


def at(day: int, amount: str, **changes: Any) -> dict[str, Any]:
    return {"date": f"2026-11-{day:02}T15:00:00Z", "amount": amount} | changes


def table(client: Client, language: str = "pt-br", **query: str) -> list[dict[str, str]]:
    client.cookies["django_language"] = language
    response = client.get(reverse("export_csv"), NOVEMBER | query)
    assert response["Content-Disposition"] == 'attachment; filename="lume-transactions.csv"'
    body = response.getvalue()
    assert body.startswith(b"\xef\xbb\xbf")
    delimiter = ";" if language == "pt-br" else ","
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def cells(client: Client, **query: str) -> list[list[tuple[str | None, str]]]:
    """Return the type and the text of each cell, as in the file's XML."""
    response = client.get(reverse("export_xlsx"), NOVEMBER | query)
    book = zipfile.ZipFile(io.BytesIO(response.getvalue()))
    sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    assert not list(sheet.iter(f"{space}f"))  # no formula
    return [
        [(cell.get("t"), "".join(cell.itertext())) for cell in row.iter(f"{space}c")]
        for row in sheet.iter(f"{space}row")
    ]


def test_the_file_has_the_transactions_and_the_sum_of_the_page(alice: User, as_alice: Client) -> None:
    create_item_with_transactions(
        alice, [at(day, f"-{day}.01") for day in range(1, 20)] + [at(20, "1000.00"), at(21, "-0.001")]
    )
    for query in ({}, {"q": "padaria", "min_amount": "5"}, {"measure": "spending"}):
        filters = TransactionFilter(
            alice, Period.of_month(Month(2026, 11)), text=query.get("q", ""),
            min_amount=Decimal(query["min_amount"]) if "min_amount" in query else None, measure=query.get("measure"),
        )  # fmt: skip
        (total,) = transactions.totals(filters, CategoryTree.load())
        english = table(as_alice, "en", **query)
        assert sum(Decimal(line["Amount"]) for line in english) == total.total
        portuguese = table(as_alice, **query)
        assert sum(Decimal(line["Valor"].replace(",", ".")) for line in portuguese) == total.total
        assert len(english) == len(portuguese) == total.transaction_count == len(cells(as_alice, **query)) - 1
        amounts = [row[6] for row in cells(as_alice, **query)[1:]]
        assert {kind for kind, _ in amounts} <= {None, "n"}
        assert sum(Decimal(text) for _, text in amounts) == total.total


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_escaped(alice: User, as_alice: Client, text: str) -> None:
    create_item_with_transactions(alice, [at(1, "-10.00", description=text)])
    Transaction.objects.update(note=text, merchant_name=text, counterparty=text, tags=[text])
    (line,) = table(as_alice)
    texts = [value for value in line.values() if value.startswith("'")]
    assert texts == [f"'{text}"] * 5
    assert line["Valor"] == "-10,00"
    assert ("inlineStr", f"'{text}") in cells(as_alice)[1] or "\r" in text


@pytest.mark.parametrize("text", HARMLESS)
def test_other_texts_are_not_changed(alice: User, as_alice: Client, text: str) -> None:
    create_item_with_transactions(alice, [at(1, "-10.00", description=text)])
    assert table(as_alice)[0]["Descrição"] == text == escape_formula(text)


def test_amounts_keep_all_decimals_of_the_bank() -> None:
    assert [exact(Decimal(text)) for text in ("-10.00000000", "0E-8", "1234567.1", "0.00100000", "1E+3")] == [
        *("-10.00", "0.00", "1234567.10", "0.001", "1000.00"),
    ]


def test_an_invalid_filter_redirects_to_the_list(alice: User, as_alice: Client) -> None:
    response = as_alice.get(reverse("export_csv"), NOVEMBER | {"min_amount": "1.234"})
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("transactions"))


def test_the_file_has_only_the_users_own_transactions(alice: User, bob: User, as_bob: Client) -> None:
    create_item_with_transactions(alice, [at(1, "-10.00", description="SEGREDO")])
    assert table(as_bob) == []
    assert len(cells(as_bob)) == 1


@pytest.mark.parametrize("name", ["export_csv", "export_xlsx"])
def test_memory_does_not_grow_with_the_number_of_transactions(
    alice: User, as_alice: Client, name: str
) -> None:
    peaks: list[int] = []
    for count in (4_000, 8_000):
        create_item_with_transactions(alice, [at(1 + n % 28, "-10.00") for n in range(count)])
        tracemalloc.start()
        response = as_alice.get(reverse(name), NOVEMBER)
        assert sum(map(len, response)) > 0  # read in chunks
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5
