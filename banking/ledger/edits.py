"""Value types of what users edit: one transaction, many at once, and splits. They write nothing."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from banking.ledger.classification import NO_OVERRIDE, Override
from banking.ledger.models import BulkEdit, Transaction


@dataclass(frozen=True)
class TransactionEdits:
    """Everything that a user can edit on a transaction."""

    override: Override = NO_OVERRIDE
    note: str = ""
    tags: tuple[str, ...] = ()

    @classmethod
    def of(cls, transaction: Transaction) -> "TransactionEdits":
        """Return the edits that are stored."""
        override = Override(transaction.user_category_id, transaction.hidden, transaction.user_kind)
        return cls(override, transaction.note, tuple(transaction.tags))

    @property
    def columns(self) -> dict[str, Any]:
        return {
            "user_category_id": self.override.category_id,
            "user_kind": self.override.kind,
            "hidden": self.override.hidden,
            "note": self.note,
            "tags": list(self.tags),
        }


@dataclass(frozen=True)
class BulkChange:
    """The change of a bulk edit. None leaves a value as it is; an empty text removes the user's override."""

    category_id: str | None = None
    kind: str | None = None
    hidden: bool | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()

    @classmethod
    def of(cls, edit: BulkEdit) -> "BulkChange":
        stored: dict[str, Any] = edit.change
        tags = {name: tuple(stored[name]) for name in ("add_tags", "remove_tags")}
        return cls(**stored | tags)

    def __bool__(self) -> bool:
        return self != BulkChange()

    def apply_to(self, edits: TransactionEdits) -> TransactionEdits:
        """Return the edits of one transaction as they are after this change."""
        current = edits.override
        override = Override(
            current.category_id if self.category_id is None else self.category_id or None,
            current.hidden if self.hidden is None else self.hidden,
            current.kind if self.kind is None else self.kind,
        )
        tags = dict.fromkeys([*edits.tags, *self.add_tags])
        return TransactionEdits(
            override, edits.note, tuple(tag for tag in tags if tag not in self.remove_tags)
        )


@dataclass(frozen=True)
class Split:
    """A split as the user wants it. `amount` is positive, in the account's currency."""

    amount: Decimal
    category_id: str | None = None
    note: str = ""
    id: UUID | None = None  # of a split that is already stored
