"""The security log: events are kept as they were, and users see only their own."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory

from accounts import row_security, security_log
from accounts.models import SecurityEvent, User

pytestmark = pytest.mark.django_db
Code = SecurityEvent.Code


def test_an_event_cannot_be_changed(alice: User) -> None:
    security_log.record(Code.SIGNED_IN, user=alice)
    assert SecurityEvent.objects.update(code=Code.SIGNED_OUT) == 0  # no policy allows it
    with connection.cursor() as cursor:  # nor without policies
        cursor.execute("ALTER TABLE accounts_securityevent NO FORCE ROW LEVEL SECURITY")

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        SecurityEvent.objects.update(code=Code.SIGNED_OUT)

    assert SecurityEvent.objects.get().code == Code.SIGNED_IN


def test_an_event_is_deleted_only_where_that_is_allowed(alice: User) -> None:
    security_log.record(Code.SIGNED_IN, user=alice)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        SecurityEvent.objects.all().delete()

    with security_log.deletion_allowed():
        SecurityEvent.objects.all().delete()

    assert not SecurityEvent.objects.exists()


def test_users_see_only_what_happened_to_their_own_account(alice: User, bob: User) -> None:
    with row_security.for_user(None):  # nobody has signed in, and nobody can read what is appended
        security_log.record(Code.SIGN_IN_FAILED, user=alice)
        assert not SecurityEvent.objects.exists()

    with row_security.for_user(bob.pk):
        assert not SecurityEvent.objects.exists()
    with row_security.for_user(alice.pk):
        assert SecurityEvent.objects.get().user == alice


def test_what_a_client_sends_cannot_forge_lines_and_addresses_are_cut(alice: User) -> None:
    request = RequestFactory().get(
        "/", HTTP_USER_AGENT="a\nINFO forged\x00\x1b[2J", REMOTE_ADDR="203.0.113.77"
    )

    security_log.record(Code.SIGNED_IN, user=alice, request=request)

    event = SecurityEvent.objects.get()
    assert event.user_agent == "aINFO forged[2J"
    assert event.network == "203.0.113.0/24"
