"""A loan with equal installments (PRICE): the contract, its debits, and the outstanding amount."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from pluggy_sandbox.world.calendar import add_months, at
from pluggy_sandbox.world.customers import Customer
from pluggy_sandbox.world.movements import CHECKING, Movement

DAY = 15
RATE = 19  # per month, in 1/1,000


@dataclass(frozen=True)
class LoanContract:
    """A loan. The first installment is due a month after signing."""

    signed: dt.date
    cents: int
    count: int

    @property
    def installment(self) -> int:
        """Return the equal payment in cents."""
        growth = (1 + RATE / 1000) ** self.count
        return round(self.cents * (RATE / 1000) * growth / (growth - 1))

    def due(self, number: int) -> dt.date:
        """Return the due date of an installment; the first is number 1."""
        return add_months(self.signed, number)

    def paid(self, today: dt.date) -> int:
        """Return the number of installments paid by a day."""
        return sum(self.due(number) <= today for number in range(1, self.count + 1))

    def outstanding(self, today: dt.date) -> int:
        """Return the capital still owed, in cents."""
        outstanding_cents = self.cents
        for _ in range(self.paid(today)):
            outstanding_cents -= self.installment - outstanding_cents * RATE // 1000
        return max(0, outstanding_cents) if self.paid(today) < self.count else 0


def contract(customer: Customer) -> LoanContract:
    """Return the loan of a customer."""
    rng = Random(f"{customer.seed}/loan")
    return LoanContract(
        dt.date(2025, rng.randrange(2, 9), DAY), rng.randrange(1_200_000, 2_600_000, 50_000), 48
    )


def payments(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield the disbursement of the loan, then one installment a month."""
    loan_contract = contract(customer)
    day = month.replace(day=DAY)
    if day == loan_contract.signed:
        text = "CREDITO EMPRESTIMO PESSOAL"
        cents = loan_contract.cents
        yield Movement(CHECKING, f"{day}/loan", at(day, 9), text, cents, "02040000", operation_type="OUTROS")
    number = (month.year - loan_contract.signed.year) * 12 + month.month - loan_contract.signed.month
    if 1 <= number <= loan_contract.count:
        text = f"PARCELA EMPRESTIMO {number:02d}/{loan_contract.count}"
        yield Movement(
            CHECKING, f"{day}/instalment", at(day, 6), text, -loan_contract.installment, "02040000",
            operation_type="OPERACAO_CREDITO",
        )  # fmt: skip
