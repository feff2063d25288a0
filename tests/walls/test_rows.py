"""The database keeps each person's rows theirs, also from a view that forgets its filter (A-34, A-35)."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, ProgrammingError, connection, models, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.test import Client
from django.urls import path, reverse

from accounts import rows
from accounts.models import User
from banking import checks
from banking.models import Item, Transaction
from dev.postgres import SUPERUSER
from pfm.urls import urlpatterns as ours
from tests.everything import OWNED, SHARED, draft, everything_of

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("categories"),
    pytest.mark.urls("tests.walls.test_rows"),
]
each_model = pytest.mark.parametrize("model", OWNED, ids=lambda model: model.__name__)
# Read before anybody is known, or by operators alone.
UNOWNED = SHARED | {"User", "Event", "DeliveryCount"}
Life = dict[type[models.Model], Any]


# --- Views that forget everything that the house asks for ----------------------------------------------
def all_ids(name: str) -> list[str]:
    return [str(pk) for pk in apps.get_model("banking", name).objects.all().values_list("pk", flat=True)]


def forgetful(request: HttpRequest, name: str) -> HttpResponse:
    return JsonResponse(all_ids(name), safe=False)


def crashing(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        assert all_ids("item")
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")
    raise AssertionError("never")


def late(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(json.dumps(all_ids("item")) for _ in range(1))


def breaking(request: HttpRequest) -> HttpResponse:
    """Its connection ends in the middle, and Django makes another."""
    with connection.cursor() as cursor, pytest.raises(DatabaseError):
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close()
    return forgetful(request, "item")


urlpatterns = [
    path("forgetful/<str:name>/", forgetful),
    path("crashing/", crashing),
    path("late/", late),
    path("breaking/", breaking),
    *ours,
]


def seen(client: Client, model: type[models.Model]) -> list[str]:
    found: list[str] = client.get(f"/forgetful/{model._meta.model_name}/").json()
    return found


@pytest.fixture
def lives(alice: User, bob: User) -> tuple[Life, Life]:
    return everything_of(alice), everything_of(bob)


# --- A-34 ----------------------------------------------------------------------------------------------
@each_model
def test_a_view_without_a_filter_shows_only_ones_own_rows(
    model: type[models.Model], lives: tuple[Life, Life], as_alice: Client, as_bob: Client
) -> None:
    hers, his = lives
    alices, bobs = seen(as_alice, model), seen(as_bob, model)
    assert str(hers[model].pk) in alices and str(his[model].pk) in bobs
    assert sorted(alices + bobs) == sorted(all_ids(model.__name__))
    assert seen(Client(), model) == []


@each_model
def test_a_row_cannot_be_written_for_another_person(
    model: type[models.Model], lives: tuple[Life, Life], bob: User
) -> None:
    hers, _ = lives
    another = draft(model, hers)
    with rows.of(bob.pk):
        assert not model.objects.filter(pk=hers[model].pk).delete()[0]
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            another.save(force_insert=True)


def test_a_row_cannot_be_given_to_another_person(lives: tuple[Life, Life], alice: User, bob: User) -> None:
    hers, his = lives
    with rows.of(bob.pk):
        assert not Transaction.objects.filter(pk=hers[Transaction].pk).update(note="his")
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Transaction.objects.filter(pk=his[Transaction].pk).update(user=alice)


def test_every_table_with_an_owner_has_its_policy() -> None:
    """A new model needs `own_rows` in its migration, or a place in UNOWNED."""
    found = [
        model
        for name in ("accounts", "banking", "webhooks")
        for model in apps.get_app_config(name).get_models()
    ]
    owned = {model._meta.db_table for model in found if model.__name__ not in UNOWNED}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid"
            " WHERE relrowsecurity AND relforcerowsecurity AND polcmd = '*'"
        )
        assert {name for (name,) in cursor.fetchall()} == owned


def test_an_operator_sees_everyones_rows_in_the_admin_alone(lives: tuple[Life, Life]) -> None:
    client, item = Client(), str(lives[0][Item].pk)
    root = User.objects.create_superuser("root@example.com", "a-long-enough-password")
    client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    assert item in client.get(reverse("admin:banking_item_changelist")).content.decode()
    assert seen(client, Item) == []


# --- A-35 ----------------------------------------------------------------------------------------------
@pytest.fixture
def web_process(lives: tuple[Life, Life], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As pfm/wsgi.py makes it: whatever is no request is nobody's."""
    with monkeypatch.context() as patch:
        patch.setattr(rows, "_by_default", rows.NOBODY)
        connection.close()
        yield
    connection.close()


def session() -> tuple[int, str]:
    """The server's process behind our connection, and whose rows it shows; asked past Django."""
    connection.ensure_connection()
    asked = "SELECT pg_backend_pid(), coalesce(current_setting('lume.person', true), '')"
    found: tuple[int, str] = connection.connection.execute(asked).fetchone()
    return found


@pytest.mark.django_db(transaction=True)
def test_on_one_connection_no_request_leaves_its_person_behind(
    lives: tuple[Life, Life], as_alice: Client, as_bob: Client, web_process: None
) -> None:
    hers, his = ([str(life[Item].pk)] for life in lives)
    as_bob.raise_request_exception = False
    clean = session()
    assert clean[1] == rows.NOBODY
    for _ in range(2):
        assert seen(as_alice, Item) == hers
        assert session() == clean
        assert seen(as_bob, Item) == his
        assert session() == clean
        assert as_bob.get("/crashing/").status_code == 500
        assert session() == clean
        assert seen(Client(), Item) == []
        assert session() == clean


@pytest.mark.django_db(transaction=True)
def test_what_is_read_after_the_request_is_nobodys(as_alice: Client, web_process: None) -> None:
    assert as_alice.get("/late/").getvalue() == b"[]"


@pytest.mark.django_db(transaction=True)
def test_a_connection_made_anew_in_mid_request_is_its_persons(
    lives: tuple[Life, Life], as_alice: Client, web_process: None
) -> None:
    assert as_alice.get("/breaking/").json() == [str(lives[0][Item].pk)]
    assert session()[1] == rows.NOBODY


@pytest.mark.django_db(transaction=True)
def test_what_fails_for_everyone_ends_as_nobodys(web_process: None) -> None:
    with pytest.raises(ZeroDivisionError), rows.of_everyone():
        assert len(all_ids("item")) == 2
        raise ZeroDivisionError
    assert session()[1] == rows.NOBODY
    with transaction.atomic(), rows.of_everyone(), pytest.raises(DatabaseError):
        connection.cursor().execute("SELECT 1/0")  # its end cannot be told to a failed transaction
    assert session()[1] == rows.NOBODY


def test_a_web_server_is_nobody_outside_of_requests(project_root: Path) -> None:
    asked = "import pfm.wsgi; from accounts import rows; print(repr(rows._now()))"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=project_root, env=os.environ, capture_output=True
    )
    assert done.stdout.decode().strip() == "''"


# --- The role ------------------------------------------------------------------------------------------
def test_a_role_that_policies_do_not_bind_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.role_obeys_policies(None, ["default"]) == []
    above = connection.copy()
    above.settings_dict["USER"] = SUPERUSER
    monkeypatch.setattr(checks, "connections", {"default": above})
    try:
        assert [found.id for found in checks.role_obeys_policies(None, ["default"])] == ["banking.W001"]
    finally:
        above.close()
