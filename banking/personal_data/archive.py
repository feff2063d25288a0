"""A user's data as a zip: a JSON Lines file per table, a spreadsheet of the transactions, and a manifest.

Everything is read in one transaction that sees one moment, and written piece by piece, so that memory does not grow
with the data. The manifest is the last file, because it has the sha256 of the others.
"""

import hashlib
import io
import re
import secrets
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection
from django.db.models import Field, ForeignKey, GeneratedField, JSONField, Model, QuerySet
from django.db.transaction import atomic

from accounts import row_security
from accounts.models import OutgoingMail, User
from banking.connections.models import Connector
from banking.ledger.models import Category, SearchText
from banking.personal_data import traces
from banking.personal_data.tables import OwnedTable, owned_tables

FORMAT = 1  # raised when an older Lume could not read the archive
MANIFEST = "manifest.json"
CSV = "transactions.csv"
ROWS = 2_000  # that are in memory at once
PIECE = 64 * 1024  # bytes

# What is left out of each table, and why; the manifest repeats it.
SECRETS = {
    "accounts_user.password": "secret",
    "mfa_authenticator.data": "secret",
    "usersessions_usersession.session_key": "secret",
    "usersessions_usersession.data": "secret",
    "account_emailconfirmation.key": "secret",
}
OF_OPERATORS = {
    "accounts_user.is_staff": "right of this installation",
    "accounts_user.is_superuser": "right of this installation",
    "accounts_user_groups": "right of this installation",
    "accounts_user_user_permissions": "right of this installation",
    "django_admin_log": "work of an administrator, not about their own data",
}
OF_THE_MOMENT = {OutgoingMail._meta.db_table: "a mail that is about to be sent"}
DERIVED = {SearchText._meta.db_table: "made of the transactions"}
LEFT_OUT = SECRETS | OF_OPERATORS | OF_THE_MOMENT | DERIVED
HASHES = "replaced: equal where they were equal in this installation, and comparable with no other"
HASH = re.compile(r"[0-9a-f]{64}\Z")

Lines = Iterator[bytes]


class Pseudonyms:
    """Replace the keyed hashes of documents by others that are equal where they were equal.

    The hashes compare documents (CPF, CNPJ) of the user and of third parties. With the key of the installation, which
    the archive must survive, a document could be found by trying all of them. A key that is thrown away with the
    archive keeps what the hashes are for: to tell who is the same.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def replace(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._hash(value) if HASH.match(value) else value
        if isinstance(value, list):
            return [self.replace(element) for element in value]
        if isinstance(value, dict):
            return {key: self.replace(of_key) for key, of_key in value.items()}
        return value

    def _hash(self, value: str) -> str:
        return hashlib.blake2b(value.encode(), key=self._key, digest_size=32).hexdigest()


def stream(user: User, *, csv_lines: Callable[[], Lines], now: datetime, version: str) -> Iterator[bytes]:
    """Yield the archive of a user piece by piece.

    `csv_lines` returns the lines of the spreadsheet of transactions. What the user may see is read in one database
    transaction, which lasts until the last piece is taken or the iterator is closed. Nothing may be open before.
    """
    with row_security.for_user(user.pk), atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        sink = _Sink()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            pseudonyms = Pseudonyms()
            tables, files = [], []
            for part in _parts(user):
                file = ArchivedFile(f"data/{part.table}.jsonl")
                yield from file.write(archive, sink, _lines(part, pseudonyms), now)
                tables.append({"table": part.table, **file.description, "columns": part.columns})
            file = ArchivedFile(CSV)
            yield from file.write(archive, sink, csv_lines(), now)
            files.append(file.description)
            manifest = {
                "product": "Lume",
                "format": FORMAT,
                "version": version,
                "made_at": now,
                "email": user.email,
                "tables": tables,
                "files": files,
                "left_out": LEFT_OUT,
                "hashes": HASHES,
            }
            text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
            archive.writestr(_info(MANIFEST, now), text)
        yield sink.take()


class _Sink(io.RawIOBase):
    """A file that cannot be read or rewound: it keeps what was written until it is taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


class ArchivedFile:
    """A file of the archive: its lines are counted and hashed while they are written."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = 0
        self._digest = hashlib.sha256()

    def write(self, archive: zipfile.ZipFile, sink: _Sink, lines: Lines, now: datetime) -> Iterator[bytes]:
        with archive.open(_info(self._name, now), "w", force_zip64=True) as file:
            for piece in self._pieces(lines):
                self._digest.update(piece)
                file.write(piece)
                yield sink.take()

    def _pieces(self, lines: Lines) -> Iterator[bytes]:
        piece = bytearray()
        for line in lines:
            self._count += 1
            piece += line
            if len(piece) >= PIECE:
                yield bytes(piece)
                piece.clear()
        yield bytes(piece)

    @property
    def description(self) -> dict[str, Any]:
        return {"file": self._name, "count": self._count, "sha256": self._digest.hexdigest()}


class Part:
    """The rows of one table that go into the archive, and their columns."""

    def __init__(self, rows: "QuerySet[Any]", *, owner: str = "") -> None:
        self.rows = rows
        self.model: type[Model] = rows.model
        self.table = self.model._meta.db_table
        self.fields = [field for field in self.model._meta.concrete_fields if self._is_kept(field, owner)]

    def _is_kept(self, field: "Field[Any, Any]", owner: str) -> bool:
        """Tell whether a column goes into the archive; `owner` is the column that names the user in every row."""
        if isinstance(field, GeneratedField) or field.column is None or field.name == owner:
            return False
        is_person = isinstance(field, ForeignKey) and field.related_model is User
        return not is_person and f"{self.table}.{field.column}" not in LEFT_OUT

    @property
    def columns(self) -> dict[str, str]:
        """Return the columns and their types, by Django's names."""
        return {field.attname: field.get_internal_type() for field in self.fields}


def _parts(user: User) -> Iterator[Part]:
    """Yield the tables of the archive; a table follows those it refers to."""
    yield Part(User.objects.filter(pk=user.pk))
    yield Part(Connector.objects.filter(items__user=user).distinct())
    yield Part(Category.objects.all())
    yield Part(traces.events(user))
    for table in reversed(owned_tables()):
        if table.name not in LEFT_OUT:
            yield Part(table.of(user), owner=_owner(table))


def _owner(table: OwnedTable) -> str:
    return table.field.name if table.parent is None else ""


def _lines(part: Part, pseudonyms: Pseudonyms) -> Lines:
    """Yield a line of JSON for each row: amounts as decimal texts, instants in UTC, ids as they are."""
    encode = msgspec.json.Encoder(decimal_format="string").encode
    names = [field.attname for field in part.fields]
    hashes = [
        index
        for index, field in enumerate(part.fields)
        if isinstance(field, JSONField) or field.attname.endswith("_hash")
    ]
    rows = part.rows.order_by("pk").values_list(*names)
    for row in rows.iterator(chunk_size=ROWS):
        values = list(row)
        for index in hashes:
            values[index] = pseudonyms.replace(values[index])
        yield encode(dict(zip(names, values, strict=True))) + b"\n"


def _info(name: str, now: datetime) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, now.timetuple()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info
