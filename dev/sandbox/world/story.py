"""One life told day by day: the same seed tells the same days, a longer telling changes none of them."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from dev.sandbox.world import card, checking
from dev.sandbox.world.calendar import DUE_DAY, add_months, closing_of, days, due_of
from dev.sandbox.world.card import at
from dev.sandbox.world.checking import Household
from dev.sandbox.world.rows import CARD, CHECKING, SAVINGS, ClosedBill, Party, Row

OPENING = {CHECKING: 384210, SAVINGS: 1250000, CARD: 0}
SAVED_EACH_MONTH = 60000
SAVINGS_DAY = 6
COMFORT = 150000  # below this on savings day nothing is saved, and money comes back instead
OWN_TRANSFER = "TRANSFERENCIA_MESMA_INSTITUICAO"
INTEREST_PER_MILLION = 5750  # a month


@dataclass
class Telling:
    """What happened up to a day."""

    rows: list[Row] = field(default_factory=list)
    bills: list[ClosedBill] = field(default_factory=list)
    balance: dict[str, int] = field(default_factory=lambda: dict(OPENING))

    def add(self, row: Row) -> None:
        """Keep a row and move its account."""
        self.rows.append(row)
        self.balance[row.account] += row.cents


def tell(
    *,
    seed: str,
    home: Household,
    start: dt.date,
    until: dt.datetime,
    extra_card: list[tuple[dt.date, int]] | None = None,
    extra_checking: list[tuple[dt.date, int]] | None = None,
) -> Telling:
    """All rows from `start` until a local moment; the extras are rows added by hand: bills carry them."""
    telling = Telling()
    owed: dict[dt.date, int] = defaultdict(int)  # closing date → cents
    for day, cents in extra_card or []:
        owed[closing_of(day)] -= cents
    by_hand: dict[dt.date, int] = defaultdict(int)
    for day, cents in extra_checking or []:
        by_hand[day] += cents
    for day in days(start, until.date()):
        telling.balance[CHECKING] += by_hand[day]
        for row in (*checking.on(day, home, seed), *card.on(day, seed)):
            if row.at <= until:
                telling.add(row)
            if row.account == CARD and row.at <= until:
                owed[closing_of(day)] -= row.cents
        for row in (*_savings(day, telling, home), *_bill(day, owed, telling)):
            if row.at <= until:
                telling.add(row)
    return telling


def future_parts(*, seed: str, start: dt.date, today: dt.date) -> list[Row]:
    """Parts not yet due of what was bought, for the banks that show them all at once."""
    found: list[Row] = []
    for day in days(max(start, today - dt.timedelta(days=366)), today):
        if day.day in card.INSTALMENT_DAYS:
            for months in range(1, 12):
                if add_months(day, months) > today:
                    found.extend(card.part(day, months, seed))
    return found


def _savings(day: dt.date, telling: Telling, home: Household) -> list[Row]:
    if day.day == 1:
        interest = telling.balance[SAVINGS] * INTEREST_PER_MILLION // 1_000_000
        row = Row(SAVINGS, f"{day}/interest", at(day, 2), "REND POUPANCA", interest, "03060000")
        return [row] if interest else []
    if day.day != SAVINGS_DAY:
        return []
    if telling.balance[CHECKING] > COMFORT + SAVED_EACH_MONTH:
        return _move(day, -SAVED_EACH_MONTH, "APLICACAO POUPANCA", "CREDITO DE CONTA CORRENTE", home)
    back = min(80000, telling.balance[SAVINGS])
    return _move(day, back, "RESGATE POUPANCA", "TRANSFERENCIA PARA CONTA CORRENTE", home) if back else []


def _move(day: dt.date, cents: int, text: str, other_text: str, home: Household) -> list[Row]:
    """Both legs of the person's own transfer; positive moves into checking."""
    party = Party(home.owner.name, home.owner.cpf, "TEV")
    when = at(day, 8, 30)
    return [
        Row(CHECKING, f"{day}/savings", when, text, cents, "04000000", OWN_TRANSFER, party),
        Row(SAVINGS, f"{day}/savings", when, other_text, -cents, "04000000", OWN_TRANSFER, party),
    ]


def _bill(day: dt.date, owed: dict[dt.date, int], telling: Telling) -> list[Row]:
    """Closing adds a bill the day after; the due day pays it, out of checking and into the card."""
    closing = day - dt.timedelta(days=1)
    if closing_of(closing) == closing and closing in owed:
        telling.bills.append(ClosedBill(closing, due_of(closing), owed[closing]))
    if day.day != DUE_DAY or owed.get(closing_of(day.replace(day=1)), 0) <= 0:
        return []
    cents = owed[closing_of(day.replace(day=1))]
    when = at(day, 6)
    paid, received = "PAGAMENTO FATURA CARTAO", "PAGAMENTO RECEBIDO"
    return [
        Row(CHECKING, f"{day}/bill", when, paid, -cents, "05100000", "PAGAMENTO_FATURA"),
        Row(CARD, f"{day}/payment", when, received, cents, "05100000", "PAGAMENTO_FATURA"),
    ]
