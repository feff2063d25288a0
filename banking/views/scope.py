"""From a query string to a Scope and back: every link that shows rows is made here."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking import amounts
from banking.merchants import LONGEST_KEY
from banking.models import Basis, CategoryTree
from banking.models.transactions import TAG_LENGTH
from banking.periods import ALL, BadPeriod, Month, Period
from banking.reports import connections
from banking.reports.connections import Connection
from banking.reports.scope import COUNTED, NotFound, Scope, bill_of, newest_day, rule_of

CURRENCY_LENGTH = 3
NO_BILL = "none"  # in place of a bill's id: rows that none carries yet


def signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def read(
    request: HttpRequest, tree: CategoryTree, mine: Sequence[Connection] | None = None
) -> tuple[Scope, str]:
    """The scope, and the code of what was wrong with its period (then it is this month) or its amounts.

    Unknown and foreign ids are a 404: a figure of something else would be a lie. `mine`: the person's
    connections, if already read.
    """
    query = request.GET
    period, problem = _period(query)
    category = query.get("category") or None
    counts = query.get("counts") or None
    if (category and category not in tree) or (counts and counts not in COUNTED):
        raise Http404
    user = signed_in(request)
    basis = basis_of(user, query.get("basis", ""))
    if basis == Basis.CASH and not period.is_whole_months:
        period, problem = period.in_whole_months, problem or "paid by month"
    least, most, bad_amount = _amounts(query)
    if mine is None:
        mine = connections.connections(user) if query.get("item") or query.get("account") else ()
    try:
        item = connections.item_of(mine, uuid_or_404(query["item"])) if query.get("item") else None
        account = (
            connections.account_of(mine, uuid_or_404(query["account"])) if query.get("account") else None
        )
        bill = bill_of(user, uuid_or_404(query["bill"])) if query.get("bill", NO_BILL) != NO_BILL else None
        rule = rule_of(user, query["rule"]) if query.get("rule") else None
    except NotFound as error:
        raise Http404 from error
    scope = Scope(
        user=user,
        period=period,
        item=item if account is None else None,  # an account says it all, also when the two disagree
        account=account,
        category_id=category,
        only=query.get("only") == "1",
        counts=counts,
        currency=_text(query, "currency")[:CURRENCY_LENGTH] or None,
        pending=query.get("pending") == "1",
        text=_text(query, "q")[:100],
        merchant=_text(query, "merchant")[:LONGEST_KEY] or None,
        bill=bill,
        unbilled=query.get("bill") == NO_BILL,
        instalments=query.get("instalments") == "1",
        tag=_text(query, "tag")[:TAG_LENGTH] or None,
        least=least,
        most=most,
        rule=rule,
        hidden=query.get("hidden") == "1",
        basis=basis,
    )
    return scope, problem or bad_amount


def basis_of(user: User, word: str) -> Basis:
    """What the address says, else what the person prefers."""
    if word in Basis.values:
        return Basis(word)
    return Basis.CASH if user.counts_when_paid else Basis.COMPETENCE


def query(scope: Scope, **changes: object) -> str:
    """The query string that read() turns into the same scope, with parts changed or (None) left out."""
    parts: dict[str, object | None] = dict(scope.period.query)
    parts |= {
        "basis": scope.basis.value,
        "item": scope.item and scope.item.id,
        "account": scope.account and scope.account.id,
        "category": scope.category_id,
        "only": "1" if scope.only else None,
        "counts": scope.counts,
        "currency": scope.currency,
        "pending": "1" if scope.pending else None,
        "q": scope.text or None,
        "merchant": scope.merchant,
        "bill": scope.bill.id if scope.bill else NO_BILL if scope.unbilled else None,
        "instalments": "1" if scope.instalments else None,
        "tag": scope.tag,
        "least": None if scope.least is None else amounts.written(scope.least),
        "most": None if scope.most is None else amounts.written(scope.most),
        "rule": scope.rule and scope.rule.pk,
        "hidden": "1" if scope.hidden else None,
    }
    said = {key: value for key, value in (parts | changes).items() if value is not None}
    return "&".join(f"{key}={quote_plus(str(value))}" for key, value in said.items())


def rows_url(scope: Scope, **changes: object) -> str:
    """The address of the rows behind a figure."""
    return f"{reverse('transactions')}?{query(scope, **changes)}"


def choices(scope: Scope, *, newest: date | None = None, **kept: object) -> dict[str, Any]:
    """What a page needs to let the person choose other days; `kept` is a choice of the page's own.

    `newest`: the day of the person's newest row, if already read.
    """
    return {"stepper": _stepper(scope, kept, newest), "bases": _bases(scope, kept)}


def _bases(scope: Scope, kept: Mapping[str, object]) -> dict[str, str]:
    """The same page by either basis, as query strings."""
    return {basis.value: query(scope, basis=basis.value, **kept) for basis in Basis}


def _stepper(scope: Scope, kept: Mapping[str, object], newest: date | None) -> dict[str, Any]:
    """The months before and after, as query strings; no step beyond this month and the newest row's."""
    month = scope.period.month
    this_month = Month.of(timezone.localdate())
    if month is None:
        current = _in_month(scope, this_month, kept)
        return {"month": None, "current": current, "all": _in_month(scope, ALL, kept)}
    goes_on = month < this_month or _is_before(month, newest or newest_day(scope.user))
    return {
        "month": month.first,
        "previous": _in_month(scope, month + -1, kept),
        "next": _in_month(scope, month + 1, kept) if goes_on else None,
        "current": _in_month(scope, this_month, kept) if month != this_month else None,
        "all": _in_month(scope, ALL, kept),
    }


def _is_before(month: Month, day: date | None) -> bool:
    return day is not None and month < Month.of(day)


def _in_month(scope: Scope, month: Month | str, kept: Mapping[str, object]) -> str:
    return query(scope, month=str(month), **{"from": None, "to": None, **kept})


def _period(query: Mapping[str, str]) -> tuple[Period, str]:
    today = timezone.localdate()
    try:
        return Period.parse(query, today=today), ""
    except BadPeriod as error:
        return Period.parse({}, today=today), error.reason


def _amounts(query: Mapping[str, str]) -> tuple[Decimal | None, Decimal | None, str]:
    """Between which amounts, and the code of what was wrong with them (then neither counts)."""
    try:
        least, most = (_amount(_text(query, name)) for name in ("least", "most"))
    except amounts.BadAmount as error:
        return None, None, error.reason
    if least is not None and most is not None and least > most:
        return None, None, "wrong way round"
    return least, most, ""


def _amount(text: str) -> Decimal | None:
    return amounts.parse(text) if text else None


def _text(query: Mapping[str, str], name: str) -> str:
    return query.get(name, "").replace("\x00", "").strip()


def uuid_or_404(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
