"""The bank's side in the admin: to look at and to have read again, never to change what a bank said."""

from banking.admin import data, reviews

__all__ = ["data", "reviews"]
