"""Banking in the admin: data are shown, never changed by hand; operators can start syncs and decide reviews."""

from banking.web.admin import data, erasing, reviews

__all__ = ["data", "erasing", "reviews"]
