"""What rows say, each different text of a person once: so a search reads thousands of texts, not millions."""

from typing import ClassVar

from django.db import connection, models

from accounts.models import User
from banking.models.owned import OwnedQuerySet


class WordingQuerySet(OwnedQuerySet["Wording"]):
    def forget(self, user_id: int) -> int:
        """Drop what no row of the person says any more; gives how many.

        Whoever writes rows meanwhile waits: a text that comes back at this moment is kept.
        """
        with connection.cursor() as cursor:
            cursor.execute(_SQL_ALONE)
            cursor.execute(_SQL_FORGET, [user_id])
            return int(cursor.rowcount)


class Wording(models.Model):
    """The texts of a row that people read, folded (banking/folding.py), by the row's own `wording`.

    Kept by the database itself: triggers add what new and changed rows say (migration `0007_wordings`).
    """

    pk = models.CompositePrimaryKey("user_id", "key")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.BigIntegerField(help_text="a hash of the text")
    text = models.TextField()

    objects = WordingQuerySet.as_manager()

    # In PostgreSQL: the folded text of a row with these columns.
    FUNCTION: ClassVar[str] = "banking_wording_of"
    COLUMNS: ClassVar[tuple[str, ...]] = ("description", "merchant_name", "counterparty", "note")

    def __str__(self) -> str:
        return self.text


_SQL_ALONE = f"LOCK TABLE {Wording._meta.db_table} IN SHARE ROW EXCLUSIVE MODE"
_SQL_FORGET = f"""
    DELETE FROM {Wording._meta.db_table} AS old WHERE user_id = %s AND NOT EXISTS (
        SELECT FROM banking_transaction row WHERE row.user_id = old.user_id AND row.wording = old.key)
"""
