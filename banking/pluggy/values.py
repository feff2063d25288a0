"""Convert single values of payloads for columns."""

from datetime import date, datetime

from banking.money.dates import local_date


def text(value: str | None, length: int) -> str:
    """Return the text without NUL, which PostgreSQL cannot store, cut to the length of the column."""
    return (value or "").replace("\x00", "")[:length]


def day(value: str | None) -> date | None:
    """Parse `2026-11-20` or an instant, with or without a time zone; return None for anything else."""
    if not value:
        return None
    try:
        return date.fromisoformat(value) if len(value) == 10 else local_date(datetime.fromisoformat(value))
    except (ValueError, OverflowError):  # the year 1 has no moment in São Paulo
        return None


def web_address(url: str | None) -> str:
    return url if url and url.startswith(("https://", "http://localhost:")) and len(url) <= 500 else ""


def hex_color(color: str | None) -> str:
    color = (color or "").removeprefix("#")
    return color if len(color) in (3, 6) and all(c in "0123456789abcdefABCDEF" for c in color) else ""
