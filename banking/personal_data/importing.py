"""Put the archive of a user (archive.py) into another installation, which does not have the user yet.

The archive is a file from outside: everything is checked before the first row is written, and all rows are written
in one transaction. Ids of Pluggy stay; ids that this database numbers are given anew, and what refers to them follows.
"""

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.db.models import AutoField, Model
from django.db.transaction import atomic

from accounts.models import User, new_reference
from banking.connections.models import Connector, Item, SyncHint, SyncState
from banking.ledger import monthly_totals
from banking.ledger.models import Category, SearchText
from banking.personal_data.archive import FORMAT, MANIFEST
from banking.personal_data.tables import foreign_keys, owned_tables

APPS = ("connections", "ledger")  # sign-in, devices and logs are facts of the other installation
SKIPPED = (SyncHint, SearchText)  # a task for a sync, and what triggers make
PROFILE = ("first_name", "last_name", "theme", "hides_amounts", "uses_cash_basis", "date_joined")
ROWS = 1_000
MAX_MANIFEST = 4 * 1024**2  # bytes
MAX_LINE = 16 * 1024**2
MAX_RATIO = 200  # of the size of the content to that of the archive; JSON lines reach 60
FREE_SIZE = 64 * 1024**2  # a small archive may have so much content whatever the ratio
NAME = re.compile(r"data/[a-z0-9_]+\.jsonl|transactions\.csv")


class UnusableArchive(Exception):
    """The archive cannot be imported; the message says why, for the operator."""


class Table(msgspec.Struct):
    """A table of the manifest."""

    table: str
    file: str
    count: int
    sha256: str
    columns: dict[str, str]


class File(msgspec.Struct):
    """Another file of the manifest."""

    file: str
    count: int
    sha256: str


class Manifest(msgspec.Struct):
    """The part of the manifest that the import needs."""

    format: int
    version: str
    email: str
    tables: list[Table]
    files: list[File]

    @property
    def checksums(self) -> dict[str, File | Table]:
        described: list[File | Table] = [*self.tables, *self.files]
        return {file.file: file for file in described}


def import_archive(path: Path, *, email: str, now: datetime, keeps_connections: bool) -> User:
    """Create the user of an archive with all data, and return them. Raises UnusableArchive.

    The user has no password and sets one by the mail for a forgotten one. Unless `keeps_connections`, the connections
    are history: Pluggy is never asked about them, because they exist for the keys of the other installation only.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _checked_manifest(archive, path.stat().st_size)
            return _import(archive, manifest, email or manifest.email, now, keeps_connections)
    except OSError as error:
        raise UnusableArchive(f"the file cannot be read: {error.strerror or error}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise UnusableArchive(f"it is no complete zip archive: {error}") from error


# --- Checks ------------------------------------------------------------------------------------------------
def _checked_manifest(archive: zipfile.ZipFile, size: int) -> Manifest:
    """Return the manifest after every file was compared with it."""
    names = archive.namelist()
    if len(names) != len(set(names)):
        raise UnusableArchive("a file is in it twice")
    for name in names:
        if name != MANIFEST and not NAME.fullmatch(name):
            raise UnusableArchive(f"a file has a name that no archive of Lume has: {name[:80]!r}")
    if MANIFEST not in names:
        raise UnusableArchive(f"{MANIFEST} is missing")
    manifest = _read_manifest(archive)
    expected = manifest.checksums
    if missing := sorted(expected.keys() - set(names)):
        raise UnusableArchive(f"missing files: {', '.join(missing)}")
    if unknown := sorted(set(names) - expected.keys() - {MANIFEST}):
        raise UnusableArchive(f"files that the manifest does not name: {', '.join(unknown)}")
    budget = max(FREE_SIZE, MAX_RATIO * size)
    for name, described in expected.items():
        digest = hashlib.sha256()
        with archive.open(name) as file:
            while piece := file.read(2**20):
                budget -= len(piece)
                if budget < 0:
                    raise UnusableArchive(
                        f"it has more than {MAX_RATIO} times the size of the file: no data is like that"
                    )
                digest.update(piece)
        if digest.hexdigest() != described.sha256:
            raise UnusableArchive(f"{name} was changed: its sha256 is not that of the manifest")
    return manifest


def _read_manifest(archive: zipfile.ZipFile) -> Manifest:
    with archive.open(MANIFEST) as file:
        text = file.read(MAX_MANIFEST + 1)
    if len(text) > MAX_MANIFEST:
        raise UnusableArchive(f"{MANIFEST} is too large")
    try:
        number = json.loads(text).get("format")
        if isinstance(number, int) and number > FORMAT:
            raise UnusableArchive(
                f"a newer Lume made it (format {number}); this one reads formats up to {FORMAT}: update it first"
            )
        return msgspec.json.decode(text, type=Manifest)
    except (ValueError, AttributeError, RecursionError, msgspec.MsgspecError) as error:
        raise UnusableArchive(f"{MANIFEST} cannot be read: {error}") from error


# --- Writing -----------------------------------------------------------------------------------------------
@atomic
def _import(
    archive: zipfile.ZipFile, manifest: Manifest, email: str, now: datetime, keeps_connections: bool
) -> User:
    if User.objects.filter(email__iexact=email).exists():
        raise UnusableArchive(f"{email} has an account here already")
    tables = {table.table: table for table in manifest.tables}
    user = _create_user(archive, tables, email, keeps_connections)
    try:
        _add_missing(archive, tables, Connector)
        _add_missing(archive, tables, Category)
        numbers: dict[type[Model], dict[int, int]] = {}
        for table in reversed(owned_tables()):
            if table.model._meta.app_label in APPS and table.model not in SKIPPED and table.name in tables:
                _Importer(archive, tables[table.name], table.model, user, numbers).run()
        connection.check_constraints()  # else foreign keys are checked at the commit
    except IntegrityError as error:
        detail = str(error).partition("\n")[0]
        raise UnusableArchive(
            f"it does not fit to what is here, perhaps the same connection: {detail}"
        ) from error
    _settle_connections(user, now, keeps_connections)
    if any(user.pk in difference for difference in monthly_totals.differences()):
        raise UnusableArchive("its monthly totals are not the sums of its transactions")
    return user


def _create_user(
    archive: zipfile.ZipFile, tables: dict[str, Table], email: str, keeps_reference: bool
) -> User:
    """Create the user with their profile, but no rights, and a new clientUserId unless the old one is kept."""
    table = tables.get(User._meta.db_table)
    row = next(_rows(archive, table), {}) if table else {}
    profile = {name: row[name] for name in PROFILE if name in row}
    reference = str(row.get("reference") or new_reference()) if keeps_reference else new_reference()
    user = User(email=User.objects.normalize_email(email), reference=reference, **profile)
    user.set_unusable_password()
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        raise UnusableArchive(f"the user cannot be created: {'; '.join(error.messages)}") from error
    user.save()
    return user


def _add_missing(archive: zipfile.ZipFile, tables: dict[str, Table], model: type[Model]) -> None:
    """Add the banks or categories that are not here; those that are here stay as they are."""
    table = tables.get(model._meta.db_table)
    if table is not None:
        instances = [_instance(model, row) for row in _rows(archive, table)]
        model._base_manager.bulk_create(instances, ignore_conflicts=True, batch_size=ROWS)


def _settle_connections(user: User, now: datetime, keeps_connections: bool) -> None:
    """Let connections that are kept be synced at once, and nothing be asked about the others."""
    states = SyncState.objects.filter(item__user=user)
    states.update(lease_until=None, quarantined_until=None, attempts=0, failing_since=None, failure="")
    for state in states:
        dirty_seq = state.dirty_seq + 1 if keeps_connections else state.synced_seq
        SyncState.objects.filter(pk=state.pk).update(dirty_seq=dirty_seq, due_at=now)
    if not keeps_connections:
        Item.objects.of(user).update(is_imported=True)


class _Importer:
    """Write the rows of one table."""

    def __init__(
        self,
        archive: zipfile.ZipFile,
        table: Table,
        model: type[Model],
        user: User,
        numbers: dict[type[Model], dict[int, int]],
    ) -> None:
        self._archive, self._table, self._model, self._user = archive, table, model, user
        self._numbers = numbers  # new ids by old ones, of the tables that this database numbers
        self._fields = {field.attname: field for field in model._meta.concrete_fields}
        self._key = model._meta.pk.attname if isinstance(model._meta.pk, AutoField) else None
        self._numbered = {
            field.attname: parent
            for field in foreign_keys(model)
            if isinstance(parent := field.remote_field.model, type)
            and isinstance(parent._meta.pk, AutoField)
            and parent is not User
        }
        if unknown := sorted(table.columns.keys() - self._fields.keys()):
            raise UnusableArchive(f"{table.table} has columns that are not here: {', '.join(unknown)}")

    def run(self) -> None:
        batch: list[dict[str, Any]] = []
        for row in _rows(self._archive, self._table):
            batch.append(row)
            if len(batch) == ROWS:
                self._write(batch)
                batch = []
        self._write(batch)

    def _write(self, rows: list[dict[str, Any]]) -> None:
        old_keys = [row.pop(self._key, None) for row in rows] if self._key else []
        instances = [_instance(self._model, self._renumbered(row)) for row in rows]
        for instance in instances:
            if "user_id" in self._fields:
                instance.user_id = self._user.pk
        self._model._base_manager.bulk_create(instances)
        if self._key:
            new_keys = [instance.pk for instance in instances]
            self._numbers.setdefault(self._model, {}).update(zip(old_keys, new_keys, strict=True))

    def _renumbered(self, row: dict[str, Any]) -> dict[str, Any]:
        for name, model in self._numbered.items():
            if row.get(name) is not None:
                try:
                    row[name] = self._numbers.get(model, {})[row[name]]
                except (KeyError, TypeError):
                    raise UnusableArchive(
                        f"{self._table.table} refers to what is not in the archive"
                    ) from None
        return row


def _instance(model: type[Model], row: dict[str, Any]) -> Any:
    """Return an unsaved instance; texts become amounts, instants and ids. Raises UnusableArchive."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    try:
        return model(**{name: fields[name].to_python(value) for name, value in row.items()})
    except (KeyError, ValidationError, TypeError, ValueError) as error:
        raise UnusableArchive(f"a row of {model._meta.db_table} cannot be read: {error}") from error


def _rows(archive: zipfile.ZipFile, table: Table) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table. Raises UnusableArchive."""
    with archive.open(table.file) as file:
        count = 0
        while line := _line(file):
            count += 1
            try:
                row = msgspec.json.decode(line, type=dict[str, Any])
            except msgspec.MsgspecError as error:
                raise UnusableArchive(f"line {count} of {table.file} cannot be read: {error}") from error
            if row.keys() - table.columns.keys():
                raise UnusableArchive(
                    f"line {count} of {table.file} has columns that the manifest does not name"
                )
            yield row
    if count != table.count:
        raise UnusableArchive(f"{table.file} has {count} lines, the manifest says {table.count}")


def _line(file: IO[bytes]) -> bytes:
    line = file.readline(MAX_LINE + 1)
    if len(line) > MAX_LINE:
        raise UnusableArchive("a line is too long")
    return line
