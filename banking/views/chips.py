"""A filter in words: each part with the address of the list without it."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from banking import amounts
from banking.models import CategoryTree
from banking.reports.scope import Scope
from banking.templatetags.finance import day as day_words
from banking.views import scope as scopes
from banking.views.words.rows import COUNTED_WORDS, merchant_words


class Chip(NamedTuple):
    text: str
    url: str  # of the list without it


def chips(scope: Scope, tree: CategoryTree) -> list[Chip]:
    words = {  # by the parts of the query string that say it together
        ("counts",): str(COUNTED_WORDS[scope.counts]) if scope.counts else "",
        ("category", "only"): _category(scope, tree),
        ("item",): scope.item.connector.name if scope.item else "",
        ("account",): scope.account.label if scope.account else "",
        ("currency",): scope.currency or "",
        ("bill",): _bill(scope),
        ("instalments",): _("Instalments") if scope.instalments else "",
        ("merchant",): merchant_words(scope.merchant) if scope.merchant else "",
        ("pending",): _("Pending") if scope.pending else "",
        ("hidden",): _("Hidden by you or your rules") if scope.hidden else "",
        ("tag",): f"#{scope.tag}" if scope.tag else "",
        ("least", "most"): _amounts(scope),
        ("rule",): _("Rule: %(rule)s") % {"rule": scope.rule.text or scope.rule.pk} if scope.rule else "",
        ("q",): f"“{scope.text}”" if scope.text else "",
    }
    return [
        Chip(text, scopes.rows_url(scope, **dict.fromkeys(parts))) for parts, text in words.items() if text
    ]


def _category(scope: Scope, tree: CategoryTree) -> str:
    if scope.category_id is None:
        return ""
    name = tree.name(scope.category_id)
    return _("%(category)s, nothing more specific") % {"category": name} if scope.only else name


def _bill(scope: Scope) -> str:
    if scope.bill:
        return _("Bill due %(day)s") % {"day": day_words(scope.bill.due_on)}
    return _("On no closed bill") if scope.unbilled else ""


def _amounts(scope: Scope) -> str:
    least, most = (
        None if amount is None else amounts.written(amount) for amount in (scope.least, scope.most)
    )
    if least and most:
        return least if least == most else f"{least} – {most}"
    if least:
        return _("From %(amount)s") % {"amount": least}
    return _("Up to %(amount)s") % {"amount": most} if most else ""
