"""The overview: income, spending and net income of a period, with what else a user looks at first."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from banking.ledger.models import Account, CategoryTree
from banking.reports import connections, spending, transactions
from banking.reports.category_totals import totals_by_period
from banking.reports.comparison import balances_on, compare_periods, figure_changes
from banking.reports.connections import Connection
from banking.reports.net_worth import net_worth_now
from banking.reports.period_summary import PeriodSummary, summarize
from banking.reports.same_money import owner_questions
from banking.reports.spending import HOME_CURRENCY
from banking.reports.spending_pace import pace_report
from banking.reports.transaction_filter import TransactionFilter
from banking.web import query_string
from banking.web.views import json_views
from banking.web.views.spending_pace import pace_chart

RECENT = 8  # transactions


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    user, tree = query_string.current_user(request), CategoryTree.cached()
    listed = connections.connections_of(user)
    filters, problem = query_string.read_filter(request, tree, listed)
    filters = filters.for_reports
    data_version = connections.data_version(user, listed)
    if not any(connection.was_read or connection.is_busy for connection in listed):
        return render(
            request, "banking/overview/empty.html", {"data_version": data_version, "failed": listed}
        )
    summary = summarize(filters, tree)
    accounts = _accounts_in(filters, listed)
    context = {
        "filters": filters,
        "problem": problem,
        "suggested_matches": summary.suggested_matches,
        "account_questions": _account_question_count(listed, summary),
        "connections": listed,
        "has_cards": any(account.is_card for connection in listed for account in connection.accounts),
        "balances": connections.balances(accounts),
        "net_worth": _net_worth(filters, listed),
        "busy": [connection for connection in listed if connection.is_busy],
        "data_version": data_version,
        "accounts": connections.accounts_of(listed),
        **query_string.period_context(filters, newest=summary.newest),
        **_figures(filters, tree, accounts, summary),
    }
    return render(request, "banking/overview/overview.html", context)


def _account_question_count(listed: Iterable[Connection], summary: PeriodSummary) -> int:
    accounts = connections.accounts_of(listed)
    maybe_closed = sum(account.may_be_closed for account in accounts)
    return summary.suggested_listings + maybe_closed + len(owner_questions(accounts))


def _accounts_in(filters: TransactionFilter, listed: Sequence[Connection]) -> list[Account]:
    """Return the accounts that the filter selects."""
    return [
        account
        for connection in listed
        if filters.item in (None, connection.item)
        for account in connection.accounts
        if filters.account in (None, account)
    ]


def _figures(
    filters: TransactionFilter, tree: CategoryTree, accounts: Sequence[Account], summary: PeriodSummary
) -> dict[str, Any]:
    """Return the figures with their changes; for a month, with the spending pace as well."""
    today = timezone.localdate()
    comparison = compare_periods(filters.period, filters.basis, today=today)
    totals = totals_by_period(filters, tree, (filters.period, *comparison.pair))
    figures = {
        "report": spending.report_of(filters, totals[filters.period], tree, summary),
        "recent": transactions.recent(filters, tree, limit=RECENT),
        "comparison": comparison,
        "changes": figure_changes(totals, comparison, tree),
        "balances_before": _balances_before(filters, accounts, comparison.before.end, today),
    }
    return figures | _pace(filters, tree, today) if filters.period.month else figures


def _net_worth(filters: TransactionFilter, listed: Iterable[Connection]) -> dict[str, Decimal]:
    """Return the net worth by currency. It covers all accounts, so a filtered page does not show it."""
    if filters.item or filters.account:
        return {}
    accounts = [account for connection in listed for account in connection.accounts]
    return net_worth_now(filters.user, accounts)


def _balances_before(
    filters: TransactionFilter, accounts: Iterable[Account], day: date, today: date
) -> dict[str, Decimal]:
    """Return earlier balances to compare with, if the period contains today: balances are today's."""
    if not filters.period.start <= today <= filters.period.end:
        return {}
    return balances_on(filters.user, accounts, day)


def _pace(filters: TransactionFilter, tree: CategoryTree, today: date) -> dict[str, Any]:
    """Return the spending pace in the home currency, compared with one month."""
    report = pace_report(filters.replace(currency=HOME_CURRENCY), tree, today=today, months=1)
    main = report.figures[0]
    return {"pace": report, "pace_main": main, "pace_chart": pace_chart(report, main, filters)}


@login_required
@require_safe
def data_version(request: HttpRequest) -> HttpResponse:
    """Tell an open page, every few seconds, whether its data are still current; if not, it reloads."""
    current = connections.data_version(query_string.current_user(request))
    if request.GET.get("shown") == current:
        return HttpResponse(status=204)
    return HttpResponse(headers={"HX-Refresh": "true"})


@json_views.json_report
def data(request: HttpRequest, filters: TransactionFilter, tree: CategoryTree) -> dict[str, Any]:
    """Each figure has a `…_transactions_url`, which lists the transactions behind it."""
    report = spending.spending_report(filters, tree)
    encoded: dict[str, Any] = json_views.encode(report)
    for figures, of_currency in zip(encoded["figures"], report.figures, strict=True):
        figures["net_income"] = of_currency.net_income
        currency = of_currency.currency
        for measure in ("income", "spending", "net_income"):
            figures[f"{measure}_transactions_url"] = json_views.transactions_url(
                request, filters, measure=measure, currency=currency
            )
        for line in figures["uncounted"]:
            line["transactions_url"] = json_views.transactions_url(
                request, filters, measure=line["kind"], currency=currency
            )
        for measure in ("income", "spending"):
            for line in _all_lines(figures[f"{measure}_lines"]):
                line["transactions_url"] = json_views.transactions_url(
                    request,
                    filters,
                    measure=measure,
                    category=line["category_id"],
                    direct_only="1" if line["direct_only"] else None,
                    currency=currency,
                )
    return encoded


def _all_lines(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for root in lines for line in (root, *root["lines"])]
