"""Days, months and periods in words."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import get_language

from banking.periods import Period


def written(value: date, form: str) -> str:
    """Months are in lower case in Portuguese, whatever the locale's own list says."""
    text = date_format(value, form)
    return text.lower() if (get_language() or "pt").startswith("pt") else text


def month_words(value: date) -> str:
    """`novembro 2026`."""
    return written(value, "F Y")


def short_month_words(value: date) -> str:
    """`nov 26`, under a bar."""
    return written(value, "M y")


def period_words(period: Period) -> str:
    """`novembro 2026`, `1–20 nov 2026` or both days in full."""
    if period.month:
        return month_words(period.start)
    if (period.start.year, period.start.month) == (period.end.year, period.end.month):
        return f"{period.start.day}–{written(period.end, 'j M Y')}"
    return f"{written(period.start, 'j M Y')} – {written(period.end, 'j M Y')}"
