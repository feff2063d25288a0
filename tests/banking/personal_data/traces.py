"""Fill every table with data of a user, and search every table of the database for what is left of them."""

import uuid
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from accounts import security_log
from accounts.models import User
from banking.connections.models import Item
from banking.ledger.models import Account, ReclassificationJob, Transaction
from banking.personal_data.tables import owned_tables
from tests.instances import create_instances
from tests.payloads import event
from tests.signing_in import add_second_factor, signed_in
from webhooks import inbox

SQL_COLUMNS = """
    SELECT table_name, array_agg(column_name::text) FILTER (
        WHERE column_name ~ '^(user|owner|actor|decided_by|requested_by)_id$'
    ) FROM information_schema.tables JOIN information_schema.columns USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' GROUP BY 1 ORDER BY 1
"""


def populate(user: User, staff: User) -> Item:
    """Give the user a row in every table that can have one; return their item."""
    user.first_name, user.last_name = "Zuleica", "Quaresma"
    user.save()
    instances = create_instances(user)
    item: Item = instances[Item]
    Transaction.objects.filter(pk=instances[Transaction].pk).update(note="jantar com zuleica")
    Account.objects.filter(pk=instances[Account].pk).update(owner_name="ZULEICA QUARESMA")
    client = signed_in(user)
    client.get("/")
    UserSession.objects.get_or_create(
        user=user, session_key=client.session.session_key, defaults={"ip": "203.0.113.7", "user_agent": "x"}
    )
    add_second_factor(user)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    security_log.record(security_log.Code.SIGNED_IN, user=user)
    deliver(event("item/updated", item=item))
    deliver(event("item/created", item=uuid.uuid4(), clientUserId=user.reference))
    for target, message in (
        (user, "changed the password"),
        (item, f"disconnected at the request of user {user.pk}"),
    ):
        log(staff, target, message)
    ReclassificationJob.objects.create(email=user.email, started_at=timezone.now())
    cache.set(f"allauth:rl:allauth.account:claim:30/60/user:user:{user.pk}", [1.0])
    return item


def deliver(body: dict[str, Any]) -> None:
    inbox.receive(body, client_id=body["clientId"], now=timezone.now())


def log(staff: User, target: Any, message: str) -> None:
    LogEntry.objects.create(
        user=staff,
        content_type=ContentType.objects.get_for_model(type(target)),
        object_id=str(target.pk),
        object_repr=str(target),
        action_flag=CHANGE,
        change_message=message,
    )


def needles(user: User) -> list[str]:
    """Return the texts by which a row is known to be about the user: address, names, reference and all their ids."""
    ids = [
        str(key)
        for table in owned_tables()
        for key in table.of(user).values_list("pk", flat=True)
        if isinstance(key, uuid.UUID)
    ]
    return [user.email, user.reference, "zuleica", "quaresma", *ids]


def tables_with_traces(user_id: int, texts: list[str]) -> dict[str, int]:
    """Search the text of every row of every table, and the columns with ids of users; return counts by table."""
    found: dict[str, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(SQL_COLUMNS)
        for table, columns in cursor.fetchall():
            conditions = [
                "lower(entry::text) LIKE ANY(%s)",
                *(f'"{column}" = {user_id}' for column in columns or ()),
            ]
            if table == "accounts_user":
                conditions.append(f"id = {user_id}")
            if table == "django_admin_log":
                conditions.append(rf"change_message ~ '\muser {user_id}\M'")
            if table == "cache_entries":
                conditions.append(f"cache_key LIKE '%%user:{user_id}'")
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS entry WHERE {" OR ".join(conditions)}',
                [[f"%{text.lower()}%" for text in texts]],
            )
            if count := cursor.fetchone()[0]:
                found[table] = count
    sessions = sum(
        session.get_decoded().get("_auth_user_id") == str(user_id) for session in Session.objects.all()
    )
    return found | ({"django_session": sessions} if sessions else {})
