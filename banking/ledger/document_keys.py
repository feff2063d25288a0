"""The keys of the hashes of documents: notice wrong ones, and change them.

The numbers themselves are not stored, so nothing can be hashed anew. Instead, a hash is hashed once more with each
later key: `HMAC(second key, HMAC(first key, number))`. That can be computed from a stored hash as well as from a
number, so what was equal before a change of the key is equal after it.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, models
from django.db.transaction import atomic

from banking.connections.models import Item, SyncState
from banking.ledger.models import Account, DocumentKeys, Loan, Transaction
from banking.money.documents import chained_hash

# Every column with hashes of documents; the first ones have one hash, the others a list.
COLUMNS: tuple[tuple[type[models.Model], str], ...] = (
    (Item, "owner_hash"),
    (Account, "owner_hash"),
    (Loan, "ipoc_hash"),
    (Transaction, "counterparty_hash"),
    (Transaction, "counterparty_account"),
)
LIST_COLUMNS: tuple[tuple[type[models.Model], str], ...] = ((Account, "rejected_owners"),)
BATCH = 20_000

_SQL_CREATE = "CREATE TEMPORARY TABLE hashes (old varchar(64) PRIMARY KEY, new varchar(64)) ON COMMIT DROP"
_SQL_ADD = "INSERT INTO hashes (old) SELECT DISTINCT {column} FROM {table} WHERE {column} <> '' ON CONFLICT DO NOTHING"
_SQL_ADD_LIST = """
    INSERT INTO hashes (old) SELECT DISTINCT jsonb_array_elements_text({column}) FROM {table} ON CONFLICT DO NOTHING
"""
_SQL_NEXT = "SELECT old FROM hashes WHERE old > %s ORDER BY old LIMIT %s"
_SQL_SET_NEW = """
    UPDATE hashes SET new = batch.new
    FROM unnest(%s::varchar[], %s::varchar[]) AS batch (old, new) WHERE batch.old = hashes.old
"""
_SQL_REPLACE = "UPDATE {table} SET {column} = new FROM hashes WHERE old = {column}"
_SQL_REPLACE_LIST = """
    UPDATE {table} SET {column} = (
        SELECT jsonb_agg(new ORDER BY place)
        FROM jsonb_array_elements_text({column}) WITH ORDINALITY AS listed (hash, place) JOIN hashes ON old = hash
    ) WHERE jsonb_array_length({column}) > 0
"""


class WrongDocumentKeys(Exception):
    """The keys of the settings are not those of the stored hashes: hashes made now would match none of them."""


class SyncsAreRunning(Exception):
    """A sync that runs now has begun with the old keys."""


@dataclass(frozen=True)
class Rotation:
    """How many keys were added to the stored hashes, and how many different hashes there are."""

    added_keys: int
    hashes: int = 0


def require_current() -> None:
    """Raise WrongDocumentKeys unless the stored hashes were made with the keys of the settings."""
    keys, _ = DocumentKeys.objects.get_or_create(id=1, defaults={"fingerprint": _fingerprint()})
    if keys.fingerprint != _fingerprint():
        raise WrongDocumentKeys("DOCUMENT_HASH_KEYS has changed: run manage.py rotate_document_key")


def rotate(*, now: datetime) -> Rotation:
    """Bring all stored hashes to the keys of the settings, in one transaction.

    Raises WrongDocumentKeys if the settings do not begin with the keys that the hashes have, and SyncsAreRunning.
    """
    with atomic():
        states = SyncState.objects.order_by(
            "item_id"
        ).select_for_update()  # no sync begins or writes meanwhile
        if any(state.lease_until is not None and state.lease_until > now for state in states):
            raise SyncsAreRunning("stop the workers first, and wait until their syncs have ended")
        keys, _ = DocumentKeys.objects.select_for_update().get_or_create(
            id=1, defaults={"fingerprint": _fingerprint()}
        )
        added = _added_keys(keys.fingerprint)
        if not added:
            return Rotation(added_keys=0)
        count = _replace_all(added)
        keys.fingerprint = _fingerprint()
        keys.save(update_fields=["fingerprint"])
    return Rotation(added_keys=len(added), hashes=count)


def _fingerprint(count: int | None = None) -> str:
    """Return the fingerprint of the first `count` keys, or of all."""
    return chained_hash("", settings.DOCUMENT_HASH_KEYS[:count])


def _added_keys(fingerprint: str) -> list[str]:
    """Return the keys of the settings that the stored hashes do not have yet."""
    keys: list[str] = settings.DOCUMENT_HASH_KEYS
    for count in range(len(keys), 0, -1):
        if _fingerprint(count) == fingerprint:
            return keys[count:]
    raise WrongDocumentKeys(
        "DOCUMENT_HASH_KEYS does not begin with the keys of the stored hashes: add keys at its end, remove none."
    )


def _replace_all(added_keys: list[str]) -> int:
    """Replace every stored hash by its hash with the added keys; return how many different ones there were.

    The keys stay out of the statements, which the database may log.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SQL_CREATE)
        for sql, columns in ((_SQL_ADD, COLUMNS), (_SQL_ADD_LIST, LIST_COLUMNS)):
            for names in map(_names, columns):
                cursor.execute(sql.format(**names))
        count, last = 0, ""
        while True:
            cursor.execute(_SQL_NEXT, [last, BATCH])
            old = [row[0] for row in cursor.fetchall()]
            if not old:
                break
            cursor.execute(_SQL_SET_NEW, [old, [chained_hash(value, added_keys) for value in old]])
            count, last = count + len(old), old[-1]
        cursor.execute("ANALYZE hashes")
        for sql, columns in ((_SQL_REPLACE, COLUMNS), (_SQL_REPLACE_LIST, LIST_COLUMNS)):
            for names in map(_names, columns):
                cursor.execute(sql.format(**names))
    return count


def _names(column: tuple[type[models.Model], str]) -> dict[str, str]:
    model, name = column
    return {"table": model._meta.db_table, "column": name}
