"""Row-level security: users see only their own data, also in a view that forgets to filter (A-34, A-35)."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, ProgrammingError, connection, models, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.test import Client
from django.urls import path, reverse

from accounts import row_security
from accounts.models import User
from banking.connections.models import Item
from banking.ledger.models import Transaction
from banking.web import checks
from dev.postgres_server import SUPERUSER
from pfm.urls import urlpatterns as product_urlpatterns
from tests.instances import OWNED_MODELS, SHARED_MODEL_NAMES, build_instance, create_instances
from tests.postgres import is_private
from tests.signing_in import signed_in_staff

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("categories"),
    pytest.mark.urls("tests.architecture.test_row_security"),
]
each_model = pytest.mark.parametrize("model", OWNED_MODELS, ids=lambda model: model.__name__)
# Read before the user is known, or only by operators.
UNOWNED = SHARED_MODEL_NAMES | {"User", "Event", "DeliveryCount"}
Instances = dict[type[models.Model], Any]


# --- Views that forget to filter by user ----------------------------------------------------------
def all_ids(name: str) -> list[str]:
    model = next(model for model in apps.get_models() if model._meta.model_name == name.lower())
    return [str(pk) for pk in model._default_manager.values_list("pk", flat=True)]


def unfiltered(request: HttpRequest, name: str) -> HttpResponse:
    return JsonResponse(all_ids(name), safe=False)


def crashing(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        assert all_ids("item")
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")
    raise AssertionError("never")


def streaming(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(json.dumps(all_ids("item")) for _ in range(1))


def reconnecting(request: HttpRequest) -> HttpResponse:
    """Lose the database connection in the middle of the request; Django opens another."""
    with connection.cursor() as cursor, pytest.raises(DatabaseError):
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close()
    return unfiltered(request, "item")


urlpatterns = [
    path("unfiltered/<str:name>/", unfiltered),
    path("crashing/", crashing),
    path("streaming/", streaming),
    path("reconnecting/", reconnecting),
    *product_urlpatterns,
]


def visible_ids(client: Client, model: type[models.Model]) -> list[str]:
    ids: list[str] = client.get(f"/unfiltered/{model._meta.model_name}/").json()
    return ids


@pytest.fixture
def instances(alice: User, bob: User) -> tuple[Instances, Instances]:
    return create_instances(alice), create_instances(bob)


# --- A-34 ----------------------------------------------------------------------------------------------
@each_model
def test_a_view_without_a_filter_shows_only_the_users_own_data(
    model: type[models.Model], instances: tuple[Instances, Instances], as_alice: Client, as_bob: Client
) -> None:
    of_alice, of_bob = instances
    alice_sees, bob_sees = visible_ids(as_alice, model), visible_ids(as_bob, model)
    assert str(of_alice[model].pk) in alice_sees and str(of_bob[model].pk) in bob_sees
    assert sorted(alice_sees + bob_sees) == sorted(all_ids(model.__name__))
    assert visible_ids(Client(), model) == []


@each_model
def test_a_user_cannot_write_or_delete_data_of_another_user(
    model: type[models.Model], instances: tuple[Instances, Instances], bob: User
) -> None:
    of_alice, _ = instances
    new = build_instance(model, of_alice)
    with row_security.for_user(bob.pk):
        assert not model._default_manager.filter(pk=of_alice[model].pk).delete()[0]
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            new.save(force_insert=True)


def test_a_user_cannot_change_the_owner_of_a_transaction(
    instances: tuple[Instances, Instances], alice: User, bob: User
) -> None:
    of_alice, of_bob = instances
    with row_security.for_user(bob.pk):
        assert not Transaction.objects.filter(pk=of_alice[Transaction].pk).update(note="x")
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Transaction.objects.filter(pk=of_bob[Transaction].pk).update(user=alice)


def test_every_table_with_an_owner_has_a_policy() -> None:
    """A new model needs `row_policy` in its migration, or a place in UNOWNED."""
    all_models = [
        model
        for name in ("accounts", "connections", "ledger", "webhooks")
        for model in apps.get_app_config(name).get_models()
    ]
    owned = {model._meta.db_table for model in all_models if model.__name__ not in UNOWNED}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid"
            " WHERE relrowsecurity AND relforcerowsecurity AND polcmd IN ('*', 'r')"
        )
        assert {name for (name,) in cursor.fetchall()} == owned


def test_an_operator_sees_data_of_all_users_only_in_the_admin(instances: tuple[Instances, Instances]) -> None:
    item = str(instances[0][Item].pk)
    client = signed_in_staff(User.objects.create_superuser("root@example.com", "a-long-enough-password"))
    assert item in client.get(reverse("admin:connections_item_changelist")).content.decode()
    assert visible_ids(client, Item) == []


# --- A-35 ----------------------------------------------------------------------------------------------
@pytest.fixture
def web_process(instances: tuple[Instances, Instances], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """See nobody's data outside of requests, as in a process started by pfm/wsgi.py."""
    with monkeypatch.context() as patch:
        patch.setattr(row_security, "_default", row_security.NOBODY)
        connection.close()
        yield
    connection.close()


def session() -> tuple[int, str]:
    """Return the PID of the PostgreSQL session and its `lume.user`, without using Django."""
    connection.ensure_connection()
    query = "SELECT pg_backend_pid(), coalesce(current_setting('lume.user', true), '')"
    result: tuple[int, str] = connection.connection.execute(query).fetchone()
    return result


@pytest.mark.django_db(transaction=True)
def test_no_request_leaves_its_user_set_on_the_connection(
    instances: tuple[Instances, Instances], as_alice: Client, as_bob: Client, web_process: None
) -> None:
    alice_ids, bob_ids = ([str(of_user[Item].pk)] for of_user in instances)
    as_bob.raise_request_exception = False
    before = session()
    assert before[1] == row_security.NOBODY
    for _ in range(2):
        assert visible_ids(as_alice, Item) == alice_ids
        assert session() == before
        assert visible_ids(as_bob, Item) == bob_ids
        assert session() == before
        assert as_bob.get("/crashing/").status_code == 500
        assert session() == before
        assert visible_ids(Client(), Item) == []
        assert session() == before


@pytest.mark.django_db(transaction=True)
def test_a_streamed_response_sees_no_data_after_the_request(as_alice: Client, web_process: None) -> None:
    assert as_alice.get("/streaming/").getvalue() == b"[]"


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_during_a_request_gets_its_user(
    instances: tuple[Instances, Instances], as_alice: Client, web_process: None
) -> None:
    assert as_alice.get("/reconnecting/").json() == [str(instances[0][Item].pk)]
    assert session()[1] == row_security.NOBODY


def _fail_after(check: Callable[[], bool]) -> None:
    assert check()
    raise ZeroDivisionError


@pytest.mark.django_db(transaction=True)
def test_a_failure_within_for_everyone_ends_as_nobody(web_process: None) -> None:
    with pytest.raises(ZeroDivisionError), row_security.for_everyone():
        _fail_after(lambda: len(all_ids("item")) == 2)
    assert session()[1] == row_security.NOBODY
    with transaction.atomic(), row_security.for_everyone(), pytest.raises(DatabaseError):
        # The setting cannot be changed back in a failed transaction.
        connection.cursor().execute("SELECT 1/0")
    assert session()[1] == row_security.NOBODY


def test_the_web_server_sees_no_data_outside_of_requests(project_root: Path) -> None:
    code = "import pfm.wsgi; from accounts import row_security; print(repr(row_security._effective()))"
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=project_root, env=os.environ, capture_output=True
    )
    assert process.stdout.decode().strip() == "''"


# --- The role ------------------------------------------------------------------------------------------
@pytest.mark.skipif(not is_private(), reason="needs a superuser, which DATABASE_URL must not be")
def test_a_database_role_that_bypasses_the_policies_is_an_error(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    assert checks.role_obeys_policies(None, ["default"]) == []
    superuser = connection.copy()
    superuser.settings_dict["USER"] = SUPERUSER
    monkeypatch.setattr(checks, "connections", {"default": superuser})
    try:
        assert [message.id for message in checks.role_obeys_policies(None, ["default"])] == ["banking.E001"]
        settings.DEBUG = True
        assert [message.id for message in checks.role_obeys_policies(None, ["default"])] == ["banking.W001"]
    finally:
        superuser.close()


@pytest.mark.skipif(not is_private(), reason="needs a superuser, which DATABASE_URL must not be")
def test_a_web_role_that_owns_tables_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """An injected statement of an owner could drop the policies. The tests' role migrates, so it owns all."""
    (message,) = checks.web_role_owns_no_table(None, ["default"])
    count = len(connection.introspection.table_names())
    assert (message.id, f"owns {count} tables" in message.msg) == ("banking.W002", True), message
    other = connection.copy()
    other.settings_dict["USER"] = SUPERUSER
    monkeypatch.setattr(checks, "connections", {"default": other})
    try:
        with other.cursor() as cursor:
            cursor.execute("SET ROLE pg_monitor")  # any role that owns no table
        assert checks.web_role_owns_no_table(None, ["default"]) == []
    finally:
        other.close()
