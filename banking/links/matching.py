"""Keep a person's links what their rows say: judge the days on which rows moved, and conclude from it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from banking import rollups
from banking.links.judge import REFUND_DAYS, Answers, Key, Verdict, judge, refunds
from banking.links.legs import Leg, Owner
from banking.models import Account, Item, Link, RowChange, Transaction
from banking.upsert.conclusions import conclude

State = Link.State
Days = tuple[date, date]
Roots = Mapping[str, str]

# A row has a say about pairs as far away as a card's cycle; to judge those, the rows around them are needed.
JUDGED, LOADED = timedelta(days=35), timedelta(days=70)
GIVEN_BACK = timedelta(days=REFUND_DAYS)


def settle(user_id: int, days: Days, *, roots: Roots, now: datetime, also: Collection[UUID] = ()) -> None:
    """Judge anew what the rows of these days take part in, and conclude their rows, and `also` these.

    Gives the same whatever came first. The caller holds all of the person's sync states.
    """
    accounts = Account.objects.filter(user_id=user_id).select_related("item__connector")
    owner = Owner.of(accounts)
    known = list(_links(user_id, days))
    found = _found(user_id, days, owner, roots, _answers(known))
    moved = _reconcile(user_id, known, found, days, now)
    touched = {leg for link in known if _is_of(link, days) for leg in (link.out_id, link.into_id)}
    _conclude(owner, moved | touched | set(also), roots)


def let_go(item: Item, *, roots: Roots) -> None:
    """The item's rows are about to go: what was linked to them stands alone again."""
    theirs = Q(out__account__item=item) | Q(into__account__item=item)
    links = Link.objects.filter(theirs, user_id=item.user_id)
    legs = {leg for link in links.in_force() for leg in (link.out_id, link.into_id)}
    links.delete()
    others = Account.objects.filter(user_id=item.user_id).exclude(item=item)
    _conclude(Owner.of(others.select_related("item__connector")), legs, roots)


def _found(user_id: int, days: Days, owner: Owner, roots: Roots, answers: Answers) -> list[Verdict]:
    pairs = _refund_pairs(user_id, days)
    opposite = _opposite_ids(user_id, days, owner)
    every = {*opposite, *(one for pair in pairs for one in pair)}
    rows = Transaction.objects.filter(id__in=every) if every else ()
    legs = {row.id: Leg.of(row, owner, roots) for row in rows}
    backs, bought = ({pair[side]: legs[pair[side]] for pair in pairs} for side in (0, 1))
    near = judge([legs[one] for one in opposite], answers)
    return [*near, *refunds(backs, bought, pairs, answers)]


def _links(user_id: int, days: Days) -> Iterable[Link]:
    first, last = days
    around = Q(into__local_date__range=(first - LOADED, last + LOADED))
    given_back = Q(kind=Link.Kind.REFUND, into__local_date__range=(first - GIVEN_BACK, last + GIVEN_BACK))
    return Link.objects.filter(around | given_back, user_id=user_id).select_related("out", "into")


def _answers(known: Iterable[Link]) -> Answers:
    confirmed = [link for link in known if link.state == State.CONFIRMED and _is_live(link)]
    taken = {leg for link in confirmed for leg in _taken(link)}
    rejected = {_key(link) for link in known if link.state == State.REJECTED}
    return Answers(frozenset(rejected), frozenset(taken))


def _taken(link: Link) -> set[UUID]:
    """Of two doubled credits the first is still one."""
    return {link.into_id} if link.kind == Link.Kind.DUPLICATE else {link.out_id, link.into_id}


def _is_live(link: Link) -> bool:
    return link.out.deleted_at is None and link.into.deleted_at is None


def _key(link: Link) -> Key:
    return (link.kind, link.out_id, link.into_id)


def _is_of(link: Link, days: Days) -> bool:
    first, last = days
    return any(first <= leg.local_date <= last for leg in (link.out, link.into))


def _is_judged(kind: str, into: date, out: date, days: Days) -> bool:
    """Whether all that decides about the pair was loaded."""
    reach = GIVEN_BACK if kind == Link.Kind.REFUND else JUDGED
    sides = (into,) if kind == Link.Kind.REFUND else (into, out)
    return all(days[0] - reach <= side <= days[1] + reach for side in sides)


def _reconcile(
    user_id: int, known: Iterable[Link], found: Iterable[Verdict], days: Days, now: datetime
) -> set[UUID]:
    """Store what was found; gives the rows whose links are not what they were. Answers stay."""
    wanted = {one.key: one for one in found if _is_judged(one.kind, one.into.day, one.out.day, days)}
    stale = []
    for link in known:
        verdict = wanted.get(_key(link))
        if link.said_at or (verdict and (verdict.state, verdict.evidence) == (link.state, link.evidence)):
            wanted.pop(_key(link), None)
        elif _is_judged(link.kind, link.into.local_date, link.out.local_date, days):
            stale.append(link)
    if stale:
        Link.objects.filter(id__in=[link.id for link in stale]).delete()
    if wanted:
        Link.objects.bulk_create([_link(user_id, verdict, now) for verdict in wanted.values()])
    legs = {leg for link in stale for leg in (link.out_id, link.into_id)}
    return legs | {leg.id for verdict in wanted.values() for leg in (verdict.out, verdict.into)}


def _link(user_id: int, verdict: Verdict, now: datetime) -> Link:
    return Link(
        user_id=user_id,
        kind=verdict.kind,
        state=verdict.state,
        out_id=verdict.out.id,
        into_id=verdict.into.id,
        evidence=verdict.evidence,
        found_at=now,
    )


def _conclude(owner: Owner, ids: Collection[UUID], roots: Roots) -> None:
    rows = Transaction.objects.filter(id__in=ids, deleted_at=None) if ids else ()
    by_account: dict[UUID, list[Transaction]] = {}
    for row in rows:
        by_account.setdefault(row.account_id, []).append(row)
    for account_id, mine in by_account.items():
        if account_id in owner.accounts:
            account = owner.accounts[account_id]
            rollups.apply(conclude(account, mine, roots=roots, by=RowChange.By.LINK).deltas)


def _opposite_ids(user_id: int, days: Days, owner: Owner) -> list[UUID]:
    """Rows whose amount stands in more than one account, or more than once on a card, around these days."""
    cards = [one.id for one in owner.accounts.values() if one.is_card]
    banks = [one.id for one in owner.accounts.values() if not one.is_card]
    if len(owner.accounts) < 2 and not cards:
        return []
    around: dict[str, Any] = {"first": days[0] - LOADED, "last": days[1] + LOADED}
    with connection.cursor() as cursor:
        cursor.execute(_SQL_OPPOSITE, around | {"user": user_id, "cards": cards, "banks": banks})
        return [row_id for (row_id,) in cursor.fetchall()]


def _refund_pairs(user_id: int, days: Days) -> list[tuple[UUID, UUID]]:
    """(refund, purchase) that are worth looking at."""
    around: dict[str, Any] = {
        "first": days[0] - GIVEN_BACK,
        "last": days[1] + GIVEN_BACK,
        "days": REFUND_DAYS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SQL_REFUNDS, {"user": user_id, **around})
        return list(cursor.fetchall())


_TABLE = Transaction._meta.db_table
# The first part is answered by the index of a person's days alone.
_SQL_OPPOSITE = f"""
    WITH near AS (
        SELECT id, account_id, flow, flow_currency FROM {_TABLE}
        WHERE user_id = %(user)s AND local_date BETWEEN %(first)s AND %(last)s AND deleted_at IS NULL
        AND (account_id = ANY(%(banks)s) AND flow <> 0 OR account_id = ANY(%(cards)s) AND flow > 0)
    ), twice AS (
        SELECT flow_currency, abs(flow) AS value FROM near GROUP BY 1, 2
        HAVING count(DISTINCT account_id) > 1 AND min(flow) < 0 AND max(flow) > 0
        OR count(*) FILTER (WHERE account_id = ANY(%(cards)s)) > 1
    )
    SELECT row.id FROM near
    JOIN twice ON twice.flow_currency = near.flow_currency AND twice.value = abs(near.flow)
    JOIN {_TABLE} row ON row.id = near.id AND row.part_of_id IS NULL
"""
_SQL_REFUNDS = f"""
    SELECT back.id, bought.id
    FROM {_TABLE} back JOIN {_TABLE} bought ON bought.user_id = back.user_id
        AND bought.local_date BETWEEN back.local_date - %(days)s AND back.local_date
        AND bought.account_id = back.account_id AND bought.flow <= -back.flow
    WHERE back.user_id = %(user)s AND back.local_date BETWEEN %(first)s AND %(last)s
    AND back.flow > 0 AND back.deleted_at IS NULL AND back.part_of_id IS NULL
    AND (back.kind = 'refund' OR back.kind = 'income' AND back.description ~* 'devolu')
    AND bought.deleted_at IS NULL AND bought.part_of_id IS NULL
    AND bought.kind NOT IN ('transfer', 'card_payment', 'investment')
    AND (bought.flow = -back.flow
         OR bought.merchant_name <> '' AND bought.merchant_name = back.merchant_name
         OR strpos(lower(back.description), lower(bought.description)) > 0)
"""
