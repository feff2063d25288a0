"""From a query string to a Scope and back: every link that shows rows is made here."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking import amounts
from banking.models import Account, Basis, CategoryTree
from banking.models.transactions import TAG_LENGTH
from banking.periods import ALL, BadPeriod, Month, Period
from banking.reports.scope import COUNTED, NotFound, Scope, account_of, item_of, rule_of

CURRENCY_LENGTH = 3


def signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def read(request: HttpRequest, tree: CategoryTree) -> tuple[Scope, str]:
    """The scope, and the code of what was wrong with its period (then it is this month) or its amounts.

    Unknown and foreign ids are a 404: a figure of something else would be a lie.
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
    try:
        item = item_of(user, uuid_or_404(query["item"])) if query.get("item") else None
        account = account_of(user, uuid_or_404(query["account"])) if query.get("account") else None
        rule = rule_of(user, number_or_404(query["rule"])) if query.get("rule") else None
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
        "tag": scope.tag,
        "least": None if scope.least is None else amounts.written(scope.least),
        "most": None if scope.most is None else amounts.written(scope.most),
        "rule": scope.rule and scope.rule.pk,
        "hidden": "1" if scope.hidden else None,
    }
    return urlencode({key: value for key, value in (parts | changes).items() if value is not None})


def rows_url(scope: Scope, **changes: object) -> str:
    """The address of the rows behind a figure."""
    return f"{reverse('transactions')}?{query(scope, **changes)}"


def choices(scope: Scope) -> dict[str, Any]:
    """What a page needs to let the person choose another scope."""
    accounts = Account.objects.of(scope.user).shown().select_related("item__connector")
    return {"stepper": _stepper(scope), "accounts": accounts, "bases": _bases(scope)}


def _bases(scope: Scope) -> dict[str, str]:
    """The same page by either basis, as query strings."""
    return {basis.value: query(scope, basis=basis.value) for basis in Basis}


def _stepper(scope: Scope) -> dict[str, Any]:
    """The months before and after, as query strings; no step into a month that has not begun."""
    month = scope.period.month
    this_month = Month.of(timezone.localdate())
    if month is None:
        return {"month": None, "current": _in_month(scope, this_month), "all": _in_month(scope, ALL)}
    return {
        "month": month.first,
        "previous": _in_month(scope, month + -1),
        "next": _in_month(scope, month + 1) if month < this_month else None,
        "current": _in_month(scope, this_month) if month != this_month else None,
        "all": _in_month(scope, ALL),
    }


def _in_month(scope: Scope, month: Month | str) -> str:
    return query(scope, month=str(month), to=None, **{"from": None})


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


def number_or_404(text: str) -> int:
    """A number that a column can hold."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Http404
    return int(text)
