"""Convert a query string to a TransactionFilter and back: every link to transactions is made here."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote_plus, urlencode
from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.ledger.models import Basis, CategoryTree, Rule, Transaction
from banking.money import amounts
from banking.money.periods import ALL, Month
from banking.reports.connections import Connection
from banking.reports.transaction_filter import TransactionFilter, newest_date
from banking.web.forms.filters import NO_BILL, TransactionFilterForm


def current_user(request: HttpRequest) -> User:
    """Return the signed-in user; for views with login_required."""
    assert isinstance(request.user, User)
    return request.user


def read_filter(
    request: HttpRequest, tree: CategoryTree, user_connections: Sequence[Connection] | None = None
) -> tuple[TransactionFilter, str]:
    """Return the filter of the query string, and the code of a problem or an empty text.

    Raises Http404 if it names something that does not exist (see TransactionFilterForm). Pass the connections
    if they are loaded already.
    """
    form = TransactionFilterForm(
        request.GET,
        user=current_user(request),
        tree=tree,
        today=timezone.localdate(),
        user_connections=user_connections,
    )
    if not form.is_valid():
        raise Http404
    return form.to_filter(), form.problem


def query(filters: TransactionFilter, **changes: object) -> str:
    """Return the query string of a filter, with parameters changed or (None) left out."""
    parameters: dict[str, object | None] = dict(filters.period.query)
    parameters |= {
        "basis": filters.basis.value,
        "item": filters.item and filters.item.id,
        "account": filters.account and filters.account.id,
        "category": filters.category_id,
        "direct_only": "1" if filters.direct_only else None,
        "measure": filters.measure,
        "currency": filters.currency,
        "pending": "1" if filters.pending else None,
        "q": filters.text or None,
        "merchant": filters.merchant,
        "bill": filters.bill.id if filters.bill else NO_BILL if filters.unbilled else None,
        "installments": "1" if filters.installments else None,
        "tag": filters.tag,
        "min_amount": None if filters.min_amount is None else amounts.format_input(filters.min_amount),
        "max_amount": None if filters.max_amount is None else amounts.format_input(filters.max_amount),
        "rule": filters.rule and filters.rule.pk,
        "hidden": "1" if filters.hidden else None,
    }
    present = {name: value for name, value in (parameters | changes).items() if value is not None}
    return "&".join(f"{name}={quote_plus(str(value))}" for name, value in present.items())


def transactions_url(filters: TransactionFilter, **changes: object) -> str:
    """Return the URL of the transactions behind a figure."""
    return f"{reverse('transactions')}?{query(filters, **changes)}"


def period_context(
    filters: TransactionFilter, *, newest: date | None = None, **kept: object
) -> dict[str, Any]:
    """Return the context of the period chooser (templates/banking/shared/_period.html).

    `kept` are parameters of the page itself. `newest` is the date of the user's latest transaction, if it is
    loaded already.
    """
    by_basis = {basis.value: query(filters, basis=basis.value, **kept) for basis in Basis}
    return {"stepper": _stepper(filters, kept, newest), "bases": by_basis}


def _stepper(filters: TransactionFilter, kept: Mapping[str, object], newest: date | None) -> dict[str, Any]:
    """Return the query strings of the months before and after.

    There is no next month after this one, unless there are later transactions.
    """
    month = filters.period.month
    this_month = Month.of(timezone.localdate())
    if month is None:
        current = _query_of_month(filters, this_month, kept)
        return {"month": None, "current": current, "all": _query_of_month(filters, ALL, kept)}
    has_next = month < this_month or _has_later(month, newest or newest_date(filters.user))
    return {
        "month": month.first,
        "previous": _query_of_month(filters, month + -1, kept),
        "next": _query_of_month(filters, month + 1, kept) if has_next else None,
        "current": _query_of_month(filters, this_month, kept) if month != this_month else None,
        "all": _query_of_month(filters, ALL, kept),
    }


def _has_later(month: Month, newest: date | None) -> bool:
    return newest is not None and month < Month.of(newest)


def _query_of_month(filters: TransactionFilter, month: Month | str, kept: Mapping[str, object]) -> str:
    return query(filters, month=str(month), **{"from": None, "to": None, **kept})


def uuid_or_404(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def similar_rule_url(transaction: Transaction, category_id: str) -> str:
    """Return the URL of a new rule that gives all transactions with this title the category."""
    prefilled = {
        "text": transaction.title[:200],
        "match": Rule.Match.EQUALS.value,
        "category": category_id,
    }
    return f"{reverse('new_rule')}?{urlencode(prefilled)}"
