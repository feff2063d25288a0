"""Deduplicated search texts, so that a search scans thousands of texts instead of millions of transactions."""

from typing import ClassVar

from django.db import connection, models

from accounts.models import User
from accounts.querysets import OwnedQuerySet


class SearchTextQuerySet(OwnedQuerySet["SearchText"]):
    def delete_unused(self, user_id: int) -> int:
        """Delete the texts that no transaction of the user has any more; return how many.

        Writers of transactions wait until the caller commits, so that a text that one of them adds at this
        moment is not lost.
        """
        with connection.cursor() as cursor:
            cursor.execute(_SQL_LOCK)
            cursor.execute(_SQL_DELETE_UNUSED, [user_id])
            return int(cursor.rowcount)


class SearchText(models.Model):
    """The folded text of transactions with one `search_key`.

    It has the description, the merchant, the counterparty, the message of the payment, and the note.

    Triggers of the database add the texts of new and changed transactions (migrations/_search_text.py). The
    text is folded as banking/money/text.py does it: lower case, without accents.
    """

    pk = models.CompositePrimaryKey("user_id", "key")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.BigIntegerField(help_text="a hash of the text")
    text = models.TextField()

    objects = SearchTextQuerySet.as_manager()

    # The PostgreSQL function that makes the text, and its arguments.
    FUNCTION: ClassVar[str] = "ledger_search_text"
    COLUMNS: ClassVar[tuple[str, ...]] = (
        "description",
        "merchant_name",
        "counterparty",
        "payment_reason",
        "note",
    )

    def __str__(self) -> str:
        return self.text


_SQL_LOCK = f"LOCK TABLE {SearchText._meta.db_table} IN SHARE ROW EXCLUSIVE MODE"
_SQL_DELETE_UNUSED = f"""
    DELETE FROM {SearchText._meta.db_table} AS old WHERE user_id = %s AND NOT EXISTS (
        SELECT FROM ledger_transaction AS entry
        WHERE entry.user_id = old.user_id AND entry.search_key = old.key
    )
"""
