"""Labels of net worth and investments."""

from django.utils.translation import gettext_lazy as _

from banking.web.labels.text import Text

GROUPS: dict[str, Text] = {
    "accounts": _("Bank accounts"),
    "investments": _("Investments"),
    "cards": _("Cards"),
    "loans": _("Loans"),
}

INVESTMENT_TYPES: dict[str, Text] = {
    "FIXED_INCOME": _("Fixed income"),
    "MUTUAL_FUND": _("Funds"),
    "EQUITY": _("Shares"),
    "ETF": _("ETFs"),
    "SECURITY": _("Private pension"),
    "COE": _("Structured notes (COE)"),
    "OTHER": _("Others"),
}

MOVEMENTS: dict[str, Text] = {
    "BUY": _("Bought"),
    "SELL": _("Sold"),
    "TAX": _("Tax"),
    "TRANSFER": _("Transferred"),
    "INTEREST": _("Interest or dividend"),
    "AMORTIZATION": _("Partial repayment"),
}

# How a loan is paid off; SAC, PRICE and SAM are names.
AMORTIZATIONS: dict[str, Text] = {
    "WITHOUT_AMORTIZATION_SYSTEM": _("without amortization system"),
    "SEM_SISTEMA_AMORTIZACAO": _("without amortization system"),
    "OTHERS": "",
    "OUTROS": "",
}

# Periods of a loan's interest, by the names of Pluggy and of Open Finance.
INTEREST_PERIODS: dict[str, Text] = {
    **dict.fromkeys(("MONTHLY", "AM", "MENSAL", "MES"), _("a month")),
    **dict.fromkeys(("YEARLY", "AA", "ANUAL", "ANO"), _("a year")),
}
# What stands for a loan without an index.
NO_INDEX = frozenset({"", "PRE_FIXADA", "SEM_INDEXADOR_TAXA", "WITHOUT_INDEX"})


def investment_type_label(investment_type: str) -> str:
    return str(INVESTMENT_TYPES.get(investment_type, investment_type or INVESTMENT_TYPES["OTHER"]))
