"""Card bills (faturas): closing, payment in full or in part, and the costs of a late rest."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pluggy_sandbox.world.calendar import at
from pluggy_sandbox.world.customers import Customer
from pluggy_sandbox.world.movements import CARD, CHECKING, BillPayment, ClosedBill, FinanceCharge, Movement

DAYS_UNTIL_REST = 12  # days between the due date and the payment of the rest
PERCENT_PAID_ON_TIME = 40  # of a bill that is paid in part


@dataclass(frozen=True)
class BillCarryOver:
    """What one month passes on to the next: purchases on the open bill, and a bill that is still unpaid."""

    open_cents: int = 0
    unpaid: ClosedBill | None = None
    charges: tuple[FinanceCharge, ...] = ()  # without movements; they are part of the next bill


def month(
    customer: Customer, first: dt.date, movements: list[Movement], carry_over: BillCarryOver
) -> tuple[list[Movement], ClosedBill, BillCarryOver]:
    """Return a month's payment movements, the bill that closes in it, and the carry-over.

    The carry-over is passed on to the next month.
    """
    cycle = customer.bank.cycle
    closing, paying = first.replace(day=cycle.closing_day), []
    if carry_over.unpaid:
        paying += list(payment_movements(customer, carry_over.unpaid))
    open_cents = carry_over.open_cents + _purchases_cents(movements + paying, until=closing)
    bill = close(customer, closing, open_cents, carry_over.charges)
    is_due_this_month = bill.due < first.replace(day=28) and bill.due.month == first.month
    if is_due_this_month:
        paying += list(payment_movements(customer, bill))
    after = _purchases_cents(movements + paying) - _purchases_cents(movements + paying, until=closing)
    charges = () if _shows_charges(bill) else interest(customer, bill)
    return paying, bill, BillCarryOver(after, None if is_due_this_month else bill, charges)


def close(
    customer: Customer, closing: dt.date, cents: int, charges: tuple[FinanceCharge, ...] = ()
) -> ClosedBill:
    """Return the bill over this many cents of movements, with its future payments."""
    total = cents + sum(charge.cents for charge in charges)
    due = customer.bank.cycle.due(closing)
    return ClosedBill(closing, due, total, charges, _payments(customer, closing, due, total))


def with_more(customer: Customer, bill: ClosedBill, cents: int) -> ClosedBill:
    """Return the bill with this many cents added."""
    total = bill.cents + cents
    return replace(bill, cents=total, payments=_payments(customer, bill.closing, bill.due, total))


def payment_movements(customer: Customer, bill: ClosedBill) -> Iterator[Movement]:
    """Yield both sides of each payment, and the charges that this bank shows as transactions."""
    for number, payment in enumerate(bill.payments):
        when, key = at(payment.day, 6), f"{bill.closing}/payment/{number}"
        paid, received = "PAGAMENTO FATURA CARTAO", "PAGAMENTO RECEBIDO"
        yield Movement(CHECKING, key, when, paid, -payment.cents, "05100000", "PAGAMENTO_FATURA")
        yield Movement(CARD, key, when, received, payment.cents, "05100000", "PAGAMENTO_FATURA")
    if _shows_charges(bill):
        day = bill.payments[-1].day
        for charge in interest(customer, bill):
            yield Movement(
                CARD, f"{bill.closing}/{charge.kind}", at(day, 7), charge.text, -charge.cents,
                charge.category, operation_type="TARIFA", fee_type="OTHER",
            )  # fmt: skip


def interest(customer: Customer, bill: ClosedBill) -> tuple[FinanceCharge, ...]:
    """Return the costs of the late rest of a bill.

    They are interest of 14 % a month, a fine of 2 % and the tax on credit (IOF).
    """
    if len(bill.payments) < 2:
        return ()
    rest = bill.payments[-1].cents
    interest, fine = rest * 14 * DAYS_UNTIL_REST // 3000, rest * 2 // 100
    tax = rest * (3800 + 82 * DAYS_UNTIL_REST) // 1_000_000
    return (
        FinanceCharge("LATE_PAYMENT_REMUNERATIVE_INTEREST", "JUROS ROTATIVO", interest, "02020000"),
        FinanceCharge("LATE_PAYMENT_FEE", "MULTA POR ATRASO", fine, "02010000"),
        FinanceCharge("IOF", "IOF FINANCIAMENTO FATURA", tax, "15030000"),
    )


def is_paid_in_part(customer: Customer, closing: dt.date) -> bool:
    """Return whether only a part of the bill is paid when it is due."""
    return customer.bank.partial_payments and closing.month % 3 == 2


def _payments(customer: Customer, closing: dt.date, due: dt.date, total: int) -> tuple[BillPayment, ...]:
    if total <= 0:
        return ()
    if not is_paid_in_part(customer, closing):
        return (BillPayment(due, total),)
    first = total * PERCENT_PAID_ON_TIME // 100
    return BillPayment(due, first), BillPayment(due + dt.timedelta(days=DAYS_UNTIL_REST), total - first)


def _shows_charges(bill: ClosedBill) -> bool:
    """Return whether the charges are transactions on the next bill.

    Else only its finance charges show them.
    """
    return len(bill.payments) > 1 and bill.closing.month % 2 == 0


def _purchases_cents(movements: list[Movement], until: dt.date = dt.date.max) -> int:
    return -sum(
        movement.cents
        for movement in movements
        if movement.account == CARD and not movement.is_card_payment and movement.day <= until
    )
