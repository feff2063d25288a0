"""What was found out about rows that belong together, and what the person is asked about it."""

from dataclasses import dataclass

from accounts.models import User
from banking.models import Kind, Link, Transaction
from banking.models.links import LinkQuerySet

SIDES = ("out", "into")
RELATED = tuple(f"{side}__{one}" for side in SIDES for one in ("account__item__connector", "category"))


@dataclass(frozen=True)
class Half:
    """The other half of a row."""

    link: Link
    row: Transaction

    @property
    def is_asked(self) -> bool:
        return self.link.state == Link.State.SUGGESTED


@dataclass(frozen=True)
class Halves:
    """All that is known of a row's other halves."""

    found: tuple[Half, ...]
    is_one_legged: bool  # a transfer whose other account is not here


def suggestions(user: User) -> list[Link]:
    """Pairs that wait for an answer, newest first. Two queries: which they are, and then their rows.

    In one, PostgreSQL may begin with the rows, while it knows little of new tables: all of them with all.
    """
    waiting = _of(user).suggested().filter(id__in=list(asked(user).values_list("id", flat=True)))
    return list(waiting.select_related(*RELATED).order_by("-into__local_date", "-id"))


def asked(user: User) -> LinkQuerySet:
    """By what is kept of the pairs alone."""
    return Link.objects.filter(user=user, state=Link.State.SUGGESTED)


def halves(row: Transaction) -> Halves:
    """One query for each side."""
    shown = _of(row.user).live().exclude(state=Link.State.REJECTED).select_related(*RELATED)
    links = [*shown.filter(out=row.id), *shown.filter(into=row.id)]
    found = tuple(Half(link, link.into if link.out_id == row.id else link.out) for link in links)
    has_other = any(not half.is_asked and half.link.kind == Link.Kind.TRANSFER for half in found)
    return Halves(found, row.kind == Kind.TRANSFER and not has_other)


def _of(user: User) -> LinkQuerySet:
    """Of banks that are connected."""
    gone = {f"{side}__account__item__disconnected_at": None for side in SIDES}
    return Link.objects.filter(user=user, **gone)
