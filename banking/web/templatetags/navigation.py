"""The entries of the navigation, which base.html shows at the side and on phones at the bottom."""

from typing import Any, NamedTuple

from django import template
from django.utils.translation import gettext_lazy as _

from banking.web.labels.text import Text

register = template.Library()


class NavigationEntry(NamedTuple):
    """A link of the navigation. `pages` are the URL names of the pages below it."""

    url_name: str
    icon: str
    text: Text
    pages: tuple[str, ...] = ()


class Navigation(NamedTuple):
    """The entries, and the URL name of the entry that the current page belongs to."""

    main: tuple[NavigationEntry, ...]
    secondary: tuple[NavigationEntry, ...]
    current: str


REPORTS = ("report_merchants", "report_cash_flow", "report_pace", "report_money_flow")
MAIN = (
    NavigationEntry("overview", "layout-dashboard", _("Overview")),
    NavigationEntry("transactions", "arrow-left-right", _("Transactions"), ("transaction", "splits")),
    NavigationEntry("report_categories", "chart-pie", _("Reports"), REPORTS),
    NavigationEntry("cards", "credit-card", _("Cards"), ("bill", "installments")),
    NavigationEntry("net_worth", "trending-up", _("Net worth"), ("investments", "investment")),
)
SECONDARY = (
    NavigationEntry("matches", "link", _("To confirm")),
    NavigationEntry("rules", "list-tree", _("Rules"), ("rule", "new_rule")),
    NavigationEntry("connections", "landmark", _("Connections"), ("connection",)),
    NavigationEntry("preferences", "settings", _("Settings"), ("my_data", "delete_account")),
)


@register.simple_tag(takes_context=True, name="navigation")
def build_navigation(context: dict[str, Any]) -> Navigation:
    match = context["request"].resolver_match
    page = match.url_name if match else ""
    current = (entry.url_name for entry in (*MAIN, *SECONDARY) if page in (entry.url_name, *entry.pages))
    return Navigation(MAIN, SECONDARY, next(current, ""))
