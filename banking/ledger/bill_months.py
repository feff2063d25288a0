"""Find the month in which a card's bill is due, from the bill, its forecast, or the days of the card."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from banking.money.periods import BadPeriod, Month

MAX_INSTALLMENTS = 120  # of a purchase; a larger number is an error of the bank
REACH = 3  # days around a closing day on which banks differ


@dataclass(frozen=True, kw_only=True)
class BillCalendar:
    """The days of a card's bills, and what its bills show (bill_evidence.py)."""

    closes_on: date | None = None
    due_on: date | None = None
    bills: Mapping[UUID, date] = field(default_factory=dict)  # bill id → due date
    closings: Mapping[Month, date] = field(default_factory=dict)  # due month of a bill → when it closes
    moved_days: frozenset[int] = (
        frozenset()
    )  # days from the closing day that are on the other bill than usual
    full_months: frozenset[Month] = frozenset()  # of bills that have no room for another transaction
    assigns_bills: bool = False  # the bank says of the transactions of closed bills on which bill they are


def month_paid(
    calendar: BillCalendar,
    day: date,
    *,
    bill_id: UUID | None,
    forecast: str,
    number: int | None,
    purchased_on: date | None,
) -> Month:
    """Return the month in which a transaction of a card is paid: that in which its bill is due.

    `number` and `purchased_on` are those of an installment, `forecast` is Pluggy's `billForecastDate`.
    """
    if bill_id and bill_id in calendar.bills:
        return Month.of(calendar.bills[bill_id])
    bought_on, months_later = _installment_months(day, forecast, number, purchased_on)
    if forecast:
        try:
            return _next_with_room(_still_open(Month.parse(forecast), bought_on, calendar), calendar)
        except BadPeriod:
            pass  # the bank's label cannot be read: the card's closing and due dates decide
    if calendar.closes_on is None or calendar.due_on is None:
        return Month.of(bought_on) + months_later
    month = bill_month(bought_on, calendar.closes_on, calendar.due_on, calendar.moved_days)
    return _next_with_room(month + months_later, calendar)


def _still_open(forecast: Month, day: date, calendar: BillCalendar) -> Month:
    """Return the forecast month, else the first later one whose bill was still open on the day.

    Some banks stamp a bill that had closed before the purchase. If the bank assigns no bills, the stamp is its
    only word, and it is believed for some days after the closing.
    """
    tolerance = 0 if calendar.assigns_bills else REACH
    closing = calendar.closings.get(forecast)
    while closing and (late := (day - closing).days) > tolerance and late not in calendar.moved_days:
        forecast += 1
        closing = calendar.closings.get(forecast)
    return forecast


def _next_with_room(month: Month, calendar: BillCalendar) -> Month:
    while month in calendar.full_months:
        month += 1
    return month


def _installment_months(
    day: date, forecast: str, number: int | None, purchased_on: date | None
) -> tuple[date, int]:
    """Return the day that decides about the bill, and how many bills after that one an installment is.

    Some banks date all installments at the purchase: then number 3 is two bills after the first. Others date
    each in its own month, and its day decides. A forecast of the year 1 says that the installment is on no
    bill yet, so it is not on the open one.
    """
    number = number or 1
    if purchased_on is None or not 1 < number <= MAX_INSTALLMENTS or purchased_on > day:
        is_on_no_bill = forecast.startswith("0001")
        return day, (min(max(number - 1, 1), MAX_INSTALLMENTS) if is_on_no_bill else 0)
    passed = (day.year - purchased_on.year) * 12 + day.month - purchased_on.month
    return (day, 0) if passed >= number - 1 else (purchased_on, number - 1)


def bill_month(day: date, closes_on: date, due_on: date, moved_days: frozenset[int]) -> Month:
    """Return the month in which the bill of this day is due, on a card that moves days around its closing."""
    for months in (-1, 0, 1) if moved_days else ():
        closing = (Month.of(day) + months).day(closes_on.day)
        offset = (day - closing).days
        if offset in moved_days:
            return due_month(closing, closes_on, due_on) + (0 if offset > 0 else 1)
    return due_month(day, closes_on, due_on)


def due_month(day: date, closes_on: date, due_on: date) -> Month:
    """Return the month in which the bill that is open on `day` is due.

    Only the days of the month count, because banks move the two dates on to the next bill at different
    times. Example: closing on the 25th and due on the 5th, a purchase of March 10 is on the bill that closes
    on March 25 and is due on April 5; a purchase of March 26 is due in May.
    """
    closing = Month.of(day)
    if day > closing.day(closes_on.day):
        closing += 1
    return closing if due_on.day > closes_on.day else closing + 1
