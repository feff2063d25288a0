"""The query string of lists and reports as a form, which gives a TransactionFilter."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from django import forms

from accounts.models import User
from banking.connections.models import Item
from banking.ledger.merchants import MAX_KEY_LENGTH
from banking.ledger.models import Account, Basis, Bill, CategoryTree, Rule
from banking.ledger.models.transactions import TAG_LENGTH
from banking.money.periods import BadPeriod, Period
from banking.reports import connections
from banking.reports.connections import Connection
from banking.reports.transaction_filter import (
    MEASURES,
    NotFound,
    TransactionFilter,
    find_bill,
    find_rule,
)
from banking.web.forms.fields import AmountField

T = TypeVar("T")

CURRENCY_LENGTH = 3
MAX_TEXT_LENGTH = 100
NO_BILL = "none"  # instead of a bill's id: transactions that are on no closed bill


class _TextField(forms.CharField):
    """A text that is cut to its length instead of being refused."""

    def __init__(self, length: int) -> None:
        super().__init__(required=False)
        self.length = length

    def clean(self, value: Any) -> str:
        return str(value or "").replace("\x00", "").strip()[: self.length]


class _FlagField(forms.CharField):
    """A flag that is set by `1`."""

    def __init__(self) -> None:
        super().__init__(required=False)

    def clean(self, value: Any) -> bool:
        return bool(value == "1")


class TransactionFilterForm(forms.Form):
    """The parameters of a filter.

    The form is invalid only if a parameter names something that does not exist or is another user's: the
    view answers 404, because a figure of something else would be wrong. For a period or amounts that cannot
    be parsed, `problem` has the code of the problem, and the period is this month or the amounts are not
    limited; banking/web/labels/problems.py has the texts.
    """

    category = forms.CharField(required=False)
    direct_only = _FlagField()
    measure = forms.CharField(required=False)
    currency = _TextField(CURRENCY_LENGTH)
    pending = _FlagField()
    q = _TextField(MAX_TEXT_LENGTH)
    merchant = _TextField(MAX_KEY_LENGTH)
    installments = _FlagField()
    tag = _TextField(TAG_LENGTH)
    min_amount = AmountField()
    max_amount = AmountField()
    hidden = _FlagField()
    item = forms.CharField(required=False)
    account = forms.CharField(required=False)
    bill = forms.CharField(required=False)
    rule = forms.CharField(required=False)

    def __init__(
        self,
        query: Mapping[str, str],
        *,
        user: User,
        tree: CategoryTree,
        today: date,
        user_connections: Sequence[Connection] | None = None,
    ) -> None:
        """`user_connections` are loaded if they are needed and not given."""
        super().__init__(query)
        self.user, self.tree, self.today = user, tree, today
        self._period_problem = self._amount_problem = ""
        self._connections = user_connections

    @property
    def problem(self) -> str:
        return self._period_problem or self._amount_problem

    def to_filter(self) -> TransactionFilter:
        """Return the filter. The form must be valid."""
        cleaned = self.cleaned_data
        period, basis = self._period_and_basis()
        min_amount, max_amount = self._amounts()
        return TransactionFilter(
            user=self.user,
            period=period,
            # An account is in one connection, so the connection adds nothing, even if the two disagree.
            item=cleaned["item"] if cleaned["account"] is None else None,
            account=cleaned["account"],
            category_id=cleaned["category"] or None,
            direct_only=cleaned["direct_only"],
            measure=cleaned["measure"] or None,
            currency=cleaned["currency"] or None,
            pending=cleaned["pending"],
            text=cleaned["q"],
            merchant=cleaned["merchant"] or None,
            bill=cleaned["bill"],
            unbilled=self.data.get("bill") == NO_BILL,
            installments=cleaned["installments"],
            tag=cleaned["tag"] or None,
            min_amount=min_amount,
            max_amount=max_amount,
            rule=cleaned["rule"],
            hidden=cleaned["hidden"],
            basis=basis,
        )

    def add_error(self, field: str | None, error: Any) -> None:
        """Remember a problem of an amount instead of making the form invalid."""
        if field in ("min_amount", "max_amount"):
            self._amount_problem = error.code
            self.cleaned_data["min_amount"] = self.cleaned_data["max_amount"] = None
        else:
            super().add_error(field, error)

    def clean_category(self) -> str:
        category_id: str = self.cleaned_data["category"]
        if category_id and category_id not in self.tree:
            raise forms.ValidationError("unknown category")
        return category_id

    def clean_measure(self) -> str:
        measure: str = self.cleaned_data["measure"]
        if measure and measure not in MEASURES:
            raise forms.ValidationError("unknown measure")
        return measure

    def clean_item(self) -> Item | None:
        value = self.cleaned_data["item"]
        return (
            self._find(lambda: connections.find_item(self._user_connections(), UUID(value)))
            if value
            else None
        )

    def clean_account(self) -> Account | None:
        value = self.cleaned_data["account"]
        if not value:
            return None
        return self._find(lambda: connections.find_account(self._user_connections(), UUID(value)))

    def clean_bill(self) -> Bill | None:
        value = self.cleaned_data["bill"]
        return self._find(lambda: find_bill(self.user, UUID(value))) if value not in ("", NO_BILL) else None

    def clean_rule(self) -> Rule | None:
        value = self.cleaned_data["rule"]
        return self._find(lambda: find_rule(self.user, value)) if value else None

    def _find(self, find: Callable[[], T]) -> T:
        try:
            return find()
        except (NotFound, ValueError) as error:
            raise forms.ValidationError("unknown id") from error

    def _user_connections(self) -> Sequence[Connection]:
        if self._connections is None:
            self._connections = connections.connections_of(self.user)
        return self._connections

    def _period_and_basis(self) -> tuple[Period, Basis]:
        try:
            period = Period.parse(self.data, today=self.today)
        except BadPeriod as error:
            self._period_problem, period = error.reason, Period.parse({}, today=self.today)
        basis = basis_of(self.user, self.data.get("basis", ""))
        if basis == Basis.CASH and not period.is_whole_months:
            self._period_problem = self._period_problem or "paid by month"
            period = period.in_whole_months
        return period, basis

    def _amounts(self) -> tuple[Any, Any]:
        """Return the limits; none if they are the wrong way round."""
        min_amount, max_amount = self.cleaned_data["min_amount"], self.cleaned_data["max_amount"]
        if min_amount is not None and max_amount is not None and min_amount > max_amount:
            self._amount_problem = "wrong way round"
            return None, None
        return min_amount, max_amount


def basis_of(user: User, value: str) -> Basis:
    """Return the basis that the query string names, else the one that the user prefers."""
    if value in Basis.values:
        return Basis(value)
    return Basis.CASH if user.uses_cash_basis else Basis.ACCRUAL
