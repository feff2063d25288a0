"""The transactions of a list as a CSV or Excel file.

The file is written to disk before it is sent, so that a failure gives an error instead of an incomplete file.
"""

import csv
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from io import StringIO
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

from accounts.limits import limited
from accounts.models import SecurityEvent
from accounts.security_log import record
from accounts.sign_in import recent_sign_in_required
from banking.ledger.models import CategoryTree
from banking.reports.export import ExportLine, export_lines
from banking.web import query_string
from banking.web.labels.transactions import KINDS

Cell = str | Decimal | date
Cells = tuple[Cell, ...]
Write = Callable[[IO[bytes], Iterator[Cells]], None]

CENT = Decimal("0.01")
# Spreadsheets take a text that starts with one of these for a formula, full-width characters included.
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
MAX_SHEET_LINES = 1_048_575  # besides the heading


@login_required
@require_safe
@recent_sign_in_required
@limited("export", methods=("GET", "HEAD"))
def as_csv(request: HttpRequest) -> HttpResponseBase:
    return _file(request, write_csv, "lume-transactions.csv", "text/csv; charset=utf-8")


@login_required
@require_safe
@recent_sign_in_required
@limited("export", methods=("GET", "HEAD"))
def as_xlsx(request: HttpRequest) -> HttpResponseBase:
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _file(request, write_xlsx, "lume-transactions.xlsx", content_type)


def _file(request: HttpRequest, write: Write, name: str, content_type: str) -> HttpResponseBase:
    """Return the file; if the filter has a problem, redirect to the list, which shows it."""
    tree = CategoryTree.cached()
    filters, problem = query_string.read_filter(request, tree)
    if problem:
        return redirect(f"{reverse('transactions')}?{request.GET.urlencode()}")
    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    write(file, table(export_lines(filters, tree)))
    file.seek(0)
    user, facts = query_string.current_user(request), {"format": name.rpartition(".")[2]}
    record(SecurityEvent.Code.EXPORTED, user=user, request=request, facts=facts)
    return FileResponse(file, as_attachment=True, filename=name, content_type=content_type)


def table(lines: Iterator[ExportLine]) -> Iterator[Cells]:
    """Yield the heading, then the cells of each transaction."""
    yield (
        *(_("Date"), _("Description"), _("Shop"), _("Person"), _("Category"), _("Kind"), _("Amount")),
        *(_("Currency"), _("Bank"), _("Account"), _("Status"), _("Tags"), _("Note")),
        *(_("Month of payment"), "id"),
    )
    kinds = {kind: str(text) for kind, text in KINDS.items()}
    states = {True: _("Pending"), False: _("Final")}
    for line in lines:
        yield (
            *(line.day, line.description, line.merchant, line.counterparty, line.category),
            *(kinds[line.kind], line.amount, line.currency, line.bank, line.account),
            *(states[line.is_pending], ", ".join(line.tags), line.note, line.cash_month, str(line.id)),
        )


def write_csv(file: IO[bytes], table: Iterator[Cells]) -> None:
    file.writelines(csv_lines(table))


def csv_lines(table: Iterator[Cells]) -> Iterator[bytes]:
    """Yield the lines of a CSV file as spreadsheets in the user's language read it: in Portuguese with `;` and commas.

    It starts with a byte order mark, by which Excel recognises UTF-8.
    """
    is_portuguese = (get_language() or "pt").startswith("pt")
    line = StringIO(newline="")
    writer = csv.writer(line, delimiter=";" if is_portuguese else ",")
    point = "," if is_portuguese else "."
    line.write("\ufeff")
    for cells in table:
        writer.writerow([_text(cell, point) for cell in cells])
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()


def _text(cell: Cell, point: str) -> str:
    if isinstance(cell, str):
        return escape_formula(cell)
    return exact(cell).replace(".", point) if isinstance(cell, Decimal) else cell.isoformat()


def escape_formula(text: str) -> str:
    """Prefix a text that a spreadsheet would run as a formula; anybody can write a bank's description."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def exact(amount: Decimal) -> str:
    """Format an amount with two decimals, or more if the bank sent more."""
    cents = amount.quantize(CENT)
    return f"{cents if cents == amount else amount.normalize():f}"


def write_xlsx(file: IO[bytes], table: Iterator[Cells]) -> None:
    """Write an Excel file in constant memory; what exceeds a sheet goes to the next one."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        formats = {
            Decimal: book.add_format({"num_format": "#,##0.00"}),
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        heading = next(table)
        sheet, row = _sheet(book, heading), 0
        for cells in table:
            if row == MAX_SHEET_LINES:
                sheet, row = _sheet(book, heading), 0
            row += 1
            for column, cell in enumerate(cells):
                _write_cell(sheet, row, column, cell, formats)


def _sheet(book: Any, heading: Cells) -> Worksheet:
    sheet: Worksheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(heading) - 1, 16)
    sheet.set_column(1, 1, 40)
    for column, text in enumerate(heading):
        sheet.write_string(0, column, str(text))
    return sheet


def _write_cell(sheet: Worksheet, row: int, column: int, cell: Cell, formats: dict[type, Any]) -> None:
    """Write a cell; texts are escaped here too, as the sheet may be saved as CSV later."""
    if isinstance(cell, str):
        sheet.write_string(row, column, escape_formula(cell))
    elif isinstance(cell, Decimal):
        sheet.write_number(row, column, float(cell), formats[Decimal])
    else:
        sheet.write_datetime(row, column, cell, formats[date])
