"""Compare what is stored for a user, and what the pages show, with the bank's data."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.urls import reverse

from accounts.models import User
from banking.connections.models import Item
from banking.ledger import monthly_totals
from banking.ledger.models import SPENDING, Account, Bill, Investment, Kind, Loan, Transaction
from banking.money.periods import Month
from banking.reports.net_worth import net_worth_now
from banking.verify import double_listings
from tests.proof.bank import Json, Money
from tests.signing_in import signed_in

Figures = dict[tuple[str, str], Decimal]  # currency and measure → sum, without those of 0
MEASURES = ("income", "spending")


def assert_equals_the_bank(item: Item, truth: Json) -> None:
    """Compare each transaction, balance, bill, investment and loan of a connection."""
    live = Transaction.objects.filter(account__item=item).live()
    stored = {
        str(transaction.id): (transaction.amount, transaction.type, transaction.description)
        for transaction in live
    }
    listed = [body for bodies in truth["transactions"].values() for body in bodies]
    assert stored == {
        body["id"]: (_exact(body["amount"]), body["type"], body["description"]) for body in listed
    }
    bills = [bill for of_card in truth["bills"].values() for bill in of_card]
    for objects, name, expected in (
        (item.accounts.filter(missing_since=None), "balance", _values(truth["accounts"], "balance")),
        (Bill.objects.filter(account__item=item), "total", _values(bills, "totalAmount")),
        (Investment.objects.filter(item=item), "balance", _values(truth["investments"], "balance")),
        (
            Loan.objects.filter(item=item),
            "outstanding",
            {loan["id"]: _exact(loan["payments"]["contractOutstandingBalance"]) for loan in truth["loans"]},
        ),
    ):
        assert {str(id): value for id, value in objects.values_list("id", name).order_by()} == expected, name


def _values(bodies: list[Json], name: str) -> dict[str, Decimal]:
    return {body["id"]: _exact(body[name]) for body in bodies}


def _exact(number: object) -> Decimal:
    return Decimal(str(number))


def assert_counts_as(user: User, expected: dict[Money, Decimal]) -> None:
    """Compare the sums by account, month and currency: nothing is lost, nothing counts twice."""
    assert double_listings.violations() == []
    assert monthly_totals.differences() == []
    live = Transaction.objects.of(user).live().order_by()
    sums: dict[Money, Decimal] = defaultdict(Decimal)
    for account_type, day, currency, amount in live.values_list(
        "account__type", "local_date", "signed_amount_currency", "signed_amount"
    ):
        sums[Money(account_type, f"{day:%Y-%m}", currency)] += amount
    assert {money: total for money, total in sums.items() if total} == expected


def assert_screens_are_equal(user: User, month: Month, *, net_worth: Decimal | None = None) -> None:
    """Compare the figures of a month on each screen with the sum of the transactions that count.

    The net worth must be the same on all of them, and `net_worth` if that is known.
    """
    client = signed_in(user)

    def load(name: str) -> Any:
        return client.get(reverse(name), {"month": str(month)}).json()

    expected = _figures_of(user, month)
    assert _named(load("overview_json")["figures"]) == expected
    months = {line["currency"]: line["months"][-1] for line in load("report_cash_flow_json")["figures"]}
    assert _named([{"currency": currency} | line for currency, line in months.items()]) == expected
    by_category = load("report_categories_json")["figures"]
    assert (
        _named([line | {name: line[name]["total"] for name in MEASURES} for line in by_category]) == expected
    )
    lines = [
        line | {name: sum(Decimal(part["total"]) for part in line[f"{name}_lines"]) for name in MEASURES}
        for line in by_category
    ]
    assert _named(lines) == expected
    csv = b"".join(client.get(reverse("export_csv"), {"month": str(month), "measure": "net_income"}))
    cells = [line.split(";") for line in csv.decode("utf-8-sig").splitlines()[1:]]
    in_file: dict[str, Decimal] = defaultdict(Decimal)
    for line in cells:
        in_file[line[7]] += Decimal(line[6].replace(",", "."))
    for currency, total in in_file.items():
        income, spending = (expected.get((currency, name), Decimal(0)) for name in MEASURES)
        assert total == income - spending
    worth = {line["currency"]: line for line in load("net_worth_json")["currencies"]}["BRL"]
    shown = Decimal(worth["net_worth"])
    assert shown == sum(Decimal(section["total"]) for section in worth["sections"])
    accounts = Account.objects.of(user).shown().select_related("item__connector")
    assert shown == net_worth_now(user, accounts)["BRL"]
    assert net_worth in (None, shown)


def _named(lines: list[Json]) -> Figures:
    figures = {(line["currency"], name): Decimal(line[name]) for line in lines for name in MEASURES}
    return {key: total for key, total in figures.items() if total}


def _figures_of(user: User, month: Month) -> Figures:
    """Return income and spending of a month from the transactions themselves."""
    counted = Account.objects.of(user).filter(is_left_out=False).order_by()
    live = (
        Transaction.objects.of(user)
        .live()
        .filter(account__in=counted, local_date__gte=month.first, local_date__lte=month.last)
    )
    figures: Figures = defaultdict(Decimal)
    for currency, kind, total in (
        live.order_by().values_list("signed_amount_currency", "kind").annotate(total=Sum("signed_amount"))
    ):
        if kind == Kind.INCOME:
            figures[currency, "income"] += total
        elif kind in SPENDING:
            figures[currency, "spending"] -= total
    return {key: total for key, total in figures.items() if total}
