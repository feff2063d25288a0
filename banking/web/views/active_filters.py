"""The active filters of a list as texts, each with the URL of the list without it."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from banking.ledger.models import CategoryTree
from banking.money import amounts
from banking.reports.transaction_filter import TransactionFilter
from banking.web import query_string
from banking.web.labels.dates import format_day
from banking.web.labels.transactions import MEASURE_LABELS, merchant_label


class ActiveFilter(NamedTuple):
    text: str
    url: str  # of the list without this filter


def list_active_filters(filters: TransactionFilter, tree: CategoryTree) -> list[ActiveFilter]:
    rule = filters.rule
    texts = {  # by the parameters that make up the filter
        ("measure",): str(MEASURE_LABELS[filters.measure]) if filters.measure else "",
        ("category", "direct_only"): _category(filters, tree),
        ("item",): filters.item.connector.name if filters.item else "",
        ("account",): filters.account.label if filters.account else "",
        ("currency",): filters.currency or "",
        ("bill",): _bill(filters),
        ("installments",): _("Installments") if filters.installments else "",
        ("merchant",): merchant_label(filters.merchant) if filters.merchant else "",
        ("pending",): _("Pending") if filters.pending else "",
        ("hidden",): _("Hidden by you or your rules") if filters.hidden else "",
        ("tag",): f"#{filters.tag}" if filters.tag else "",
        ("min_amount", "max_amount"): _amounts(filters),
        ("rule",): _("Rule: %(rule)s") % {"rule": rule.text or rule.pk} if rule else "",
        ("q",): f"“{filters.text}”" if filters.text else "",
    }
    return [
        ActiveFilter(text, query_string.transactions_url(filters, **dict.fromkeys(parameters)))
        for parameters, text in texts.items()
        if text
    ]


def _category(filters: TransactionFilter, tree: CategoryTree) -> str:
    if filters.category_id is None:
        return ""
    name = tree.name(filters.category_id)
    return _("%(category)s, no subcategory") % {"category": name} if filters.direct_only else name


def _bill(filters: TransactionFilter) -> str:
    if filters.bill:
        return _("Bill due %(day)s") % {"day": format_day(filters.bill.due_on)}
    return _("Not on a closed bill") if filters.unbilled else ""


def _amounts(filters: TransactionFilter) -> str:
    limits = (filters.min_amount, filters.max_amount)
    minimum, maximum = (None if limit is None else amounts.format_input(limit) for limit in limits)
    if minimum and maximum:
        return minimum if minimum == maximum else f"{minimum} – {maximum}"
    if minimum:
        return _("From %(amount)s") % {"amount": minimum}
    return _("Up to %(amount)s") % {"amount": maximum} if maximum else ""
