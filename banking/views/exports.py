"""The rows behind any list as a file, for a spreadsheet or a program.

The file is made before it is sent, on disk: one that could not be made whole is an error, not a shorter file.
"""

import csv
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from io import TextIOWrapper
from tempfile import TemporaryFile
from typing import IO, Any

import xlsxwriter
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from xlsxwriter.worksheet import Worksheet

from banking.models import CategoryTree
from banking.reports.export import Line, lines
from banking.views import scope as scopes
from banking.views.words.rows import KINDS

Cell = str | Decimal | date
Cells = tuple[Cell, ...]
Write = Callable[[IO[bytes], Iterator[Cells]], None]

CENT = Decimal("0.01")
# A spreadsheet takes a text that begins so for a formula; the wide ones are read as the narrow ones.
FORMULA = tuple("=+-@\t\r\n＝＋－＠")
MOST_ON_A_SHEET = 1_048_575  # and the heading


@login_required
@require_safe
def as_csv(request: HttpRequest) -> HttpResponseBase:
    return _file(request, write_csv, "lume-transactions.csv", "text/csv; charset=utf-8")


@login_required
@require_safe
def as_xlsx(request: HttpRequest) -> HttpResponseBase:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _file(request, write_xlsx, "lume-transactions.xlsx", kind)


def _file(request: HttpRequest, write: Write, name: str, kind: str) -> HttpResponseBase:
    """A filter that cannot be read shows its page, which says so, instead of a file of something else."""
    tree = CategoryTree.at_hand()
    scope, problem = scopes.read(request, tree)
    if problem:
        return redirect(f"{reverse('transactions')}?{request.GET.urlencode()}")
    made = TemporaryFile()  # noqa: SIM115 - the response closes it
    write(made, table(lines(scope, tree)))
    made.seek(0)
    return FileResponse(made, as_attachment=True, filename=name, content_type=kind)


def table(found: Iterator[Line]) -> Iterator[Cells]:
    """The heading, then a line for each row."""
    yield (
        *(_("Date"), _("Description"), _("Shop"), _("Person"), _("Category"), _("Kind"), _("Amount")),
        *(_("Currency"), _("Bank"), _("Account"), _("Status"), _("Tags"), _("Note")),
        *(_("Month of payment"), "id"),
    )
    kinds = {kind: str(text) for kind, text in KINDS.items()}
    states = {True: _("Pending"), False: _("Final")}
    for line in found:
        yield (
            *(line.day, line.description, line.shop, line.person, line.category),
            *(kinds[line.kind], line.amount, line.currency, line.bank, line.account),
            *(states[line.is_pending], ", ".join(line.tags), line.note, line.paid_in, str(line.id)),
        )


def write_csv(file: IO[bytes], found: Iterator[Cells]) -> None:
    """As the spreadsheets of the person's language read it: in Portuguese `;` and a comma for the cents.

    The mark at its beginning tells Excel that it is UTF-8.
    """
    speaks_portuguese = (get_language() or "pt").startswith("pt")
    text = TextIOWrapper(file, "utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, delimiter=";" if speaks_portuguese else ",")
    point = "," if speaks_portuguese else "."
    writer.writerows([_text(cell, point) for cell in cells] for cells in found)
    text.detach()


def _text(cell: Cell, point: str) -> str:
    if isinstance(cell, str):
        return harmless(cell)
    return exact(cell).replace(".", point) if isinstance(cell, Decimal) else cell.isoformat()


def harmless(text: str) -> str:
    """Never a formula, whoever wrote it: a bank's description is anybody's text."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def exact(amount: Decimal) -> str:
    """To the cent, and with more places only where the bank sent more."""
    cents = amount.quantize(CENT)
    return f"{cents if cents == amount else amount.normalize():f}"


def write_xlsx(file: IO[bytes], found: Iterator[Cells]) -> None:
    """Each line leaves the memory as it is written; one sheet holds so many."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        forms = {
            Decimal: book.add_format({"num_format": "#,##0.00"}),
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        heading = next(found)
        sheet, place = _sheet(book, heading), 0
        for cells in found:
            if place == MOST_ON_A_SHEET:
                sheet, place = _sheet(book, heading), 0
            place += 1
            for column, cell in enumerate(cells):
                _put(sheet, place, column, cell, forms)


def _sheet(book: Any, heading: Cells) -> Worksheet:
    sheet: Worksheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(heading) - 1, 16)
    sheet.set_column(1, 1, 40)
    for column, text in enumerate(heading):
        sheet.write_string(0, column, str(text))
    return sheet


def _put(sheet: Worksheet, row: int, column: int, cell: Cell, forms: dict[type, Any]) -> None:
    """Texts as texts: also what is saved as CSV from it later has no formula."""
    if isinstance(cell, str):
        sheet.write_string(row, column, harmless(cell))
    elif isinstance(cell, Decimal):
        sheet.write_number(row, column, float(cell), forms[Decimal])
    else:
        sheet.write_datetime(row, column, cell, forms[date])
