"""Single values on their way from a payload into a column."""

from datetime import date, datetime

from banking.classify import local_date


def text(value: str | None, length: int) -> str:
    """PostgreSQL holds no NUL; anything else of a bank's text is kept, up to the column's length."""
    return (value or "").replace("\x00", "")[:length]


def day(value: str | None) -> date | None:
    """Banks send `2026-11-20` or an instant, with or without a zone; what is neither is not known."""
    if not value:
        return None
    try:
        return date.fromisoformat(value) if len(value) == 10 else local_date(datetime.fromisoformat(value))
    except (ValueError, OverflowError):  # also the year 1, which has no moment in São Paulo
        return None


def web_address(url: str | None) -> str:
    return url if url and url.startswith(("https://", "http://localhost:")) and len(url) <= 500 else ""


def hex_color(color: str | None) -> str:
    color = (color or "").removeprefix("#")
    return color if len(color) in (3, 6) and all(c in "0123456789abcdefABCDEF" for c in color) else ""
