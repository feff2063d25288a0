"""One thing that a person says of many rows: stored, carried out in batches, undone if they wish."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from accounts.models import User
from banking import rollups
from banking.actions import tellings
from banking.classify import Word
from banking.models import Account, CategoryTree, Edit, EditedRow, SyncState, Transaction
from banking.models.owned import OwnedQuerySet
from banking.models.transactions import TransactionQuerySet
from banking.upsert import words
from banking.upsert.words import Said

BATCH = 2_000
KEPT = timedelta(days=1)  # longer than anybody can undo


class NotThere(LookupError):
    """A row that is named is not there, or not this person's: nothing is changed for any."""


@dataclass(frozen=True)
class Change:
    """What is said; what is None stays as it is, and an empty text leaves it to the bank again."""

    category_id: str | None = None
    kind: str | None = None
    hidden: bool | None = None
    add: tuple[str, ...] = ()  # tags
    remove: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != Change()

    def of(self, said: Said) -> Said:
        was = said.word
        word = Word(
            was.category_id if self.category_id is None else self.category_id or None,
            was.hidden if self.hidden is None else self.hidden,
            was.kind if self.kind is None else self.kind,
        )
        tags = dict.fromkeys([*said.tags, *self.add])
        return Said(word, said.note, tuple(tag for tag in tags if tag not in self.remove))


def change_of(edit: Edit) -> Change:
    said: dict[str, Any] = edit.change
    return Change(**said | {"add": tuple(said["add"]), "remove": tuple(said["remove"])})


def begin_with(user: User, ids: Collection[UUID], change: Change, *, now: datetime) -> Edit:
    """Of exactly these rows. Raises NotThere."""
    rows = Transaction.objects.of(user).live().filter(id__in=ids)
    if rows.count() != len(set(ids)):
        raise NotThere
    return begin(user, rows, change, now=now)


@transaction.atomic
def begin(user: User, rows: TransactionQuerySet, change: Change, *, now: datetime) -> Edit:
    """Remember which rows it is about; nothing is said of them yet."""
    Edit.objects.of(user).filter(made_at__lt=now - KEPT).exclude(finished_at=None).delete()
    edit = Edit.objects.create(user=user, change=asdict(change), made_at=now)
    found, params = rows.order_by().values("id", "account_id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_SQL_REMEMBER.format(found=found), [edit.pk, user.pk, *params])
        edit.rows = cursor.rowcount
    edit.save(update_fields=["rows"])
    return edit


_SQL_REMEMBER = f"""
    INSERT INTO {EditedRow._meta.db_table} (edit_id, user_id, row_id, account_id)
    SELECT %s, %s, found.id, found.account_id FROM ({{found}}) AS found
"""


@transaction.atomic
def undo(edit: Edit, *, now: datetime) -> bool:
    """From now on it is withdrawn, also from the rows that it has not reached; carry_out() does the rest."""
    undone = Edit.objects.undoable(now).filter(id=edit.pk).update(undone_at=now, finished_at=None)
    if undone:
        EditedRow.objects.filter(edit=edit, before__isnull=True).delete()
    edit.refresh_from_db()
    return bool(undone)


def carry_out(edit: Edit, *, now: datetime) -> None:
    """Say it of each row, or withdraw it. A row has its turn once, however often this is called."""
    roots = CategoryTree.load().roots
    while (account_id := _next_account(edit)) is not None:
        _batch(edit, account_id, roots)
    Edit.objects.filter(id=edit.pk, undone_at=edit.undone_at).update(finished_at=now)


def _next_account(edit: Edit) -> UUID | None:
    account_id: UUID | None = _to_do(edit).values_list("account_id", flat=True).first()
    return account_id


def _to_do(edit: Edit) -> OwnedQuerySet[EditedRow]:
    """What is withdrawn of a row is forgotten with it."""
    waiting = Q(before__isnull=True) if edit.undone_at is None else Q()
    return EditedRow.objects.filter(waiting, edit_id=edit.pk).order_by("account_id")


@transaction.atomic
def _batch(edit: Edit, account_id: UUID, roots: dict[str, str]) -> None:
    """Some rows of one account, while nobody else writes its item or carries out this edit."""
    edit.refresh_from_db(from_queryset=Edit.objects.select_for_update())
    edited = {one.row_id: one for one in _to_do(edit).filter(account_id=account_id)[:BATCH]}
    SyncState.objects.select_for_update().filter(item__accounts=account_id).first()
    account = Account.objects.select_related("item__connector").filter(id=account_id).first()
    rows = Transaction.objects.filter(id__in=edited, account_id=account_id)
    if account is not None and edited:
        judge = partial(_said if edit.undone_at is None else _unsaid, change_of(edit))
        said = {row: judge(Said.about(row), edited[row.id]) for row in rows}
        moved = {row: one for row, one in said.items() if one != Said.about(row)}
        tellings.owe({row: one.word.category_id for row, one in moved.items()})
        rollups.apply(words.speak_each(account, moved, roots=roots))
    _settle(edit, edited)


def _said(change: Change, said: Said, edited: EditedRow) -> Said:
    edited.before = [said.word.category_id, said.word.hidden, said.word.kind, list(said.tags)]
    return change.of(said)


def _unsaid(change: Change, said: Said, edited: EditedRow) -> Said:
    """What was said before, unless the person has said something else since."""
    category_id, hidden, kind, tags = edited.before or []
    before = Said(Word(category_id, hidden, kind), said.note, tuple(tags))
    return before if change.of(before) == said else said


def _settle(edit: Edit, edited: dict[UUID, EditedRow]) -> None:
    """They have had their turn; a row that has gone meanwhile is left out."""
    done = [one for one in edited.values() if edit.undone_at is None and one.before is not None]
    EditedRow.objects.bulk_update(done, ["before"], batch_size=BATCH)
    left = [one.pk for one in edited.values() if one not in done]
    if left:
        EditedRow.objects.filter(id__in=left).delete()
