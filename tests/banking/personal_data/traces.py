"""Fill every table with data of a user, and search every table of the database for what is left of them."""

import hashlib
import uuid
from typing import Any
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import outbox, security_log
from accounts.mail_texts import ERASED
from accounts.models import User
from banking.connections.models import Item
from banking.ledger.models import Account, ReclassificationJob, Transaction
from banking.personal_data.tables import owned_tables
from tests.instances import build_instance, create_instances
from tests.payloads import event
from tests.signing_in import add_second_factor, signed_in
from webhooks import inbox

SQL_COLUMNS = """
    SELECT table_name, array_agg(column_name::text) FILTER (
        WHERE column_name ~ '^(user|owner|actor|decided_by|requested_by)_id$'
    ) FROM information_schema.tables JOIN information_schema.columns USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' GROUP BY 1 ORDER BY 1
"""


def populate(user: User, staff: User, *, name: str = "Zuleica") -> Item:
    """Give the user a row in every table that can have one; return their item."""
    user.first_name, user.last_name = name, f"{name} Filho"
    user.save()
    instances = create_instances(user)
    item: Item = instances[Item]
    Transaction.objects.filter(pk=instances[Transaction].pk).update(note=f"jantar com {name.lower()}")
    Account.objects.filter(pk=instances[Account].pk).update(owner_name=name.upper())
    client = signed_in(user)
    client.get("/")
    UserSession.objects.get_or_create(
        user=user, session_key=client.session.session_key, defaults={"ip": "203.0.113.7", "user_agent": "x"}
    )
    add_second_factor(user)
    wrong = {"login": user.email, "password": "x"}
    Client().post("/accounts/login/", wrong, headers={"host": urlsplit(settings.PUBLIC_URL).netloc})
    assert login_failures(user)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    security_log.record(security_log.Code.SIGNED_IN, user=user)
    outbox.add(ERASED, recipient=user.email, user=user, facts={})
    deliver(event("item/updated", item=item))
    deliver(event("item/created", item=uuid.uuid4(), clientUserId=user.reference))
    for target, message in (
        (user, "changed the password"),
        (item, f"disconnected at the request of user {user.pk}"),
    ):
        log(staff, target, message)
    ReclassificationJob.objects.create(email=user.email, started_at=timezone.now())
    cache.set(f"allauth:rl:allauth.account:claim:30/60/user:user:{user.pk}", [1.0])
    _fill_empty_tables(user)
    return item


def _fill_empty_tables(user: User) -> None:
    """Create a row in each table of users that has none, so that a new model is covered by itself."""
    related: dict[Any, Any] = {User: user}
    for table in reversed(owned_tables()):  # a table follows those it refers to
        if not table.model._meta.auto_created and table.model is not LogEntry:
            if not table.of(user).exists():
                instance = build_instance(table.model, related)
                for field in table.model._meta.concrete_fields:
                    if field.unique and getattr(instance, field.attname) == "x":
                        setattr(instance, field.attname, uuid.uuid4().hex)
                instance.save(force_insert=True)
            related[table.model] = table.of(user).first()


def login_failures(user: User) -> int:
    """Count the counters of failed sign-ins that have the user's address in the hash that is their key."""
    names = (user.email, f"{urlsplit(settings.PUBLIC_URL).netloc}:{user.email}")
    keys = [f"%{hashlib.sha256(name.encode()).hexdigest()}" for name in names]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cache_entries WHERE cache_key LIKE ANY(%s)", [keys])
        return int(cursor.fetchone()[0])


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
    return [user.email, user.reference, user.first_name, *ids]


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
