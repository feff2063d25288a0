"""Format dates, months and periods."""

from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext

from banking.money.periods import Period


def format_date(value: date, form: str) -> str:
    """Format a date. In Portuguese, months are in lower case, unlike in Django's locale data."""
    text = date_format(value, form)
    return text.lower() if (get_language() or "pt").startswith("pt") else text


def format_day(value: date) -> str:
    """Format a date as `20 nov 2026`."""
    return format_date(value, "j M Y")


def format_moment(value: datetime) -> str:
    """Format an instant as `20 nov 2026, 14:32`, in São Paulo."""
    return format_date(timezone.localtime(value), "j M Y, H:i")


def format_month(value: date) -> str:
    """Format a month as `novembro 2026`."""
    return format_date(value, "F Y")


def format_short_month(value: date) -> str:
    """Format a month as `nov 26`, for the axis of a chart."""
    return format_date(value, "M y")


def format_period(period: Period) -> str:
    """Format a period as `novembro 2026`, `1–20 nov 2026`, or with both dates in full."""
    if period.is_all:
        return gettext("All dates")
    if period.month:
        return format_month(period.start)
    if (period.start.year, period.start.month) == (period.end.year, period.end.month):
        return f"{period.start.day}–{format_day(period.end)}"
    return f"{format_day(period.start)} – {format_day(period.end)}"


def format_coming_time(value: datetime, *, now: datetime) -> str:
    """Format an instant of today as `at 14:10`, a later one with its day, in the current time zone.

    Seconds are rounded up, so that what is allowed from then on is allowed at the shown minute.
    """
    minute = value.replace(second=0, microsecond=0)
    local = timezone.localtime(minute if minute == value else minute + timedelta(minutes=1))
    time = date_format(local, "H:i")
    if local.date() == timezone.localtime(now).date():
        return gettext("at %(time)s") % {"time": time}
    return gettext("on %(day)s at %(time)s") % {"day": format_day(local), "time": time}
