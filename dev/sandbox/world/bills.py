"""The card's bills (faturas): they close, are paid in full or only in part, and the rest costs something."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dev.sandbox.world.calendar import at
from dev.sandbox.world.life import Life
from dev.sandbox.world.rows import CARD, CHECKING, Charge, ClosedBill, Payment, Row

REST_AFTER = 12  # days that the rest of a bill paid in part waits
PAID_IN_TIME = 40  # percent of a bill paid in part


@dataclass(frozen=True)
class Dues:
    """What a month hands on to the next: the open bill's purchases, and the bill that is still to be paid."""

    open_cents: int = 0
    unpaid: ClosedBill | None = None
    charges: tuple[Charge, ...] = ()  # without rows: the next bill carries them


def month(life: Life, first: dt.date, rows: list[Row], dues: Dues) -> tuple[list[Row], ClosedBill, Dues]:
    """The rows of paying, the bill that closes in a month, and what is left to the next month."""
    cycle = life.bank.cycle
    closing, paying = first.replace(day=cycle.closing_day), []
    if dues.unpaid:
        paying += list(settle(life, dues.unpaid))
    open_cents = dues.open_cents + _spent(rows + paying, until=closing)
    bill = close(life, closing, open_cents, dues.charges)
    due_now = bill.due < first.replace(day=28) and bill.due.month == first.month
    if due_now:
        paying += list(settle(life, bill))
    after = _spent(rows + paying) - _spent(rows + paying, until=closing)
    charges = () if _shows_charges(bill) else interest(life, bill)
    return paying, bill, Dues(after, None if due_now else bill, charges)


def close(life: Life, closing: dt.date, cents: int, charges: tuple[Charge, ...] = ()) -> ClosedBill:
    """A bill over so many cents of rows, with its payments to come."""
    total = cents + sum(charge.cents for charge in charges)
    due = life.bank.cycle.due(closing)
    return ClosedBill(closing, due, total, charges, _payments(life, closing, due, total))


def more(life: Life, bill: ClosedBill, cents: int) -> ClosedBill:
    """The bill with further rows of so many cents."""
    total = bill.cents + cents
    return replace(bill, cents=total, payments=_payments(life, bill.closing, bill.due, total))


def settle(life: Life, bill: ClosedBill) -> Iterator[Row]:
    """Both legs of each payment, and the charges that this bank writes on the card as rows."""
    for number, payment in enumerate(bill.payments):
        when, key = at(payment.day, 6), f"{bill.closing}/payment/{number}"
        paid, received = "PAGAMENTO FATURA CARTAO", "PAGAMENTO RECEBIDO"
        yield Row(CHECKING, key, when, paid, -payment.cents, "05100000", "PAGAMENTO_FATURA")
        yield Row(CARD, key, when, received, payment.cents, "05100000", "PAGAMENTO_FATURA")
    if _shows_charges(bill):
        day = bill.payments[-1].day
        for charge in interest(life, bill):
            yield Row(
                CARD, f"{bill.closing}/{charge.kind}", at(day, 7), charge.text, -charge.cents,
                charge.category, operation="TARIFA", fee="OTHER",
            )  # fmt: skip


def interest(life: Life, bill: ClosedBill) -> tuple[Charge, ...]:
    """What the late rest of a bill costs: interest of 14 % a month, a fine of 2 %, the tax on the credit."""
    if len(bill.payments) < 2:
        return ()
    rest = bill.payments[-1].cents
    interest, fine = rest * 14 * REST_AFTER // 3000, rest * 2 // 100
    tax = rest * (3800 + 82 * REST_AFTER) // 1_000_000
    return (
        Charge("LATE_PAYMENT_REMUNERATIVE_INTEREST", "JUROS ROTATIVO", interest, "02020000"),
        Charge("LATE_PAYMENT_FEE", "MULTA POR ATRASO", fine, "02010000"),
        Charge("IOF", "IOF FINANCIAMENTO FATURA", tax, "15030000"),
    )


def is_in_part(life: Life, closing: dt.date) -> bool:
    """Whether the bill of a closing date is paid only in part when it is due."""
    return life.bank.in_part and closing.month % 3 == 2


def _payments(life: Life, closing: dt.date, due: dt.date, total: int) -> tuple[Payment, ...]:
    if total <= 0:
        return ()
    if not is_in_part(life, closing):
        return (Payment(due, total),)
    first = total * PAID_IN_TIME // 100
    return Payment(due, first), Payment(due + dt.timedelta(days=REST_AFTER), total - first)


def _shows_charges(bill: ClosedBill) -> bool:
    """Every other time the charges are rows of the next bill; else only its finance charges tell of them."""
    return len(bill.payments) > 1 and bill.closing.month % 2 == 0


def _spent(rows: list[Row], until: dt.date = dt.date.max) -> int:
    return -sum(
        row.cents for row in rows if row.account == CARD and not row.is_card_payment and row.day <= until
    )
