"""The outbox: no mail is lost, none is sent twice, and no request depends on the mail server."""

import socketserver
import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import outbox, row_security
from accounts.encryption import decrypt
from accounts.models import OutgoingMail, User
from pfm import task_queue
from tests.conftest import PASSWORD
from tests.mails import deliver, deliver_one

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "tamanco girafa nuvem sete"
SMTP = "django.core.mail.backends.smtp.EmailBackend"
CHANGE = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}


class RefusingServer(socketserver.StreamRequestHandler):
    """A mail server that accepts everything but the recipient."""

    reply = b"550 no such user"

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        for line in self.rfile:
            command = line[:4].upper()
            self.wfile.write((self.server.reply if command == b"RCPT" else b"250 ok") + b"\r\n")  # type: ignore[attr-defined]
            if command == b"QUIT":
                return


@pytest.fixture
def mail_server(settings: Any) -> Iterator[Any]:
    """A real server that answers each recipient with its `reply`, which the product uses as its mail server."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), RefusingServer) as server:
        server.daemon_threads = True
        server.reply = b"550 no such user"  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.EMAIL_BACKEND = SMTP
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address[:2]
        yield server
        server.shutdown()


def stop_mail_server(settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", 1


def start_mail_server(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def test_a_change_holds_while_the_mail_server_is_down_and_the_mail_is_sent_later(
    as_alice: Client, alice: User, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stop_mail_server(settings)
    as_alice.post(reverse("account_change_password"), CHANGE)
    alice.refresh_from_db()
    assert alice.check_password(NEW_PASSWORD)

    now = timezone.now()
    outbox.send_due(now=lambda: now)
    assert OutgoingMail.objects.get().attempts == 1
    assert "ConnectionRefusedError" in caplog.text
    assert alice.email not in caplog.text

    start_mail_server(settings)
    outbox.send_due(now=lambda: now)
    assert mail.outbox == []  # not before its time
    outbox.send_due(now=lambda: now + timedelta(seconds=61))
    assert [sent.to for sent in mail.outbox] == [[alice.email]]
    assert not OutgoingMail.objects.exists()


def test_attempts_become_rarer_and_end_after_two_days(alice: User, settings: Any) -> None:
    stop_mail_server(settings)
    outbox.add("mfa/email/totp_activated", recipient=alice.email, user=alice, facts={})
    times = []
    now = start = timezone.now()
    while OutgoingMail.objects.exists():
        outbox.send_due(now=lambda now=now: now)  # type: ignore[misc]
        times.append(now)
        waiting = OutgoingMail.objects.first()
        now = waiting.due_at if waiting else now
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert max(pauses) == timedelta(minutes=30)
    assert timedelta(days=2) < times[-1] - start < timedelta(days=2, hours=1)


def test_an_address_that_the_server_refuses_is_not_tried_again(
    alice: User, mail_server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    add_mail(alice)
    mail_server.reply = b"450 try later"
    outbox.send_due(now=timezone.now)
    assert OutgoingMail.objects.exists()
    mail_server.reply = b"550 no such user"
    outbox.send_due(now=lambda: timezone.now() + timedelta(minutes=5))
    assert not OutgoingMail.objects.exists()
    assert alice.email not in caplog.text


def add_mail(user: User) -> None:
    facts = {"timestamp": "2026-11-29T21:00:00+00:00", "user_agent": "", "network": ""}
    outbox.add("mfa/email/totp_activated", recipient=user.email, user=user, facts=facts)


def test_a_mail_that_cannot_be_written_keeps_no_other_from_being_sent(alice: User) -> None:
    outbox.add("of/a/kind/that/is/gone", recipient=alice.email, user=alice, facts={})
    add_mail(alice)
    assert deliver_one().to == [alice.email]
    assert OutgoingMail.objects.get().attempts == 1


def test_a_mail_is_sent_by_one_process_only(alice: User) -> None:
    """Two runs read the same mail as due; the second finds it taken."""
    add_mail(alice)
    now = timezone.now()
    (waiting,) = OutgoingMail.objects.due(now)
    assert outbox._claim(waiting, now)
    assert not outbox._claim(waiting, now)


def test_a_mail_that_is_sent_again_has_the_same_id(alice: User) -> None:
    """A process died after sending: the mail programs of the recipient recognise the second one."""
    add_mail(alice)
    stored = OutgoingMail.objects.get()
    first = deliver_one()
    stored.save(force_insert=True)
    assert deliver_one().message()["Message-ID"] == first.message()["Message-ID"]


@pytest.mark.django_db(transaction=True)
def test_a_mail_and_its_change_are_stored_together_or_not_at_all(as_alice: Client, alice: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_outgoingmail ADD CONSTRAINT full_disk CHECK (false) NOT VALID")
    try:
        with pytest.raises(DatabaseError):
            as_alice.post(reverse("account_change_password"), CHANGE)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE accounts_outgoingmail DROP CONSTRAINT full_disk")
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_without_redis_the_dispatcher_sends_the_mail(
    alice: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_queue, "_paused_until", float("inf"))  # as after a failure of Redis
    response = Client().post(reverse("account_reset_password"), {"email": alice.email})
    assert response.status_code == 302
    call_command("dispatch", once=True)
    assert [sent.to for sent in mail.outbox] == [[alice.email]]


def test_the_database_shows_neither_addresses_nor_links(alice: User) -> None:
    Client().post(reverse("account_reset_password"), {"email": alice.email})
    stored = OutgoingMail.objects.get()
    assert "/reset/key/" in decrypt(stored.encrypted_content, purpose="mails")
    for value in vars(stored).values():
        assert alice.email not in str(value)
        assert "/reset/" not in str(value)


def test_a_request_adds_mails_but_reads_none(alice: User) -> None:
    with row_security.for_user(alice.pk):
        add_mail(alice)
        assert not OutgoingMail.objects.exists()
        assert OutgoingMail.objects.update(attempts=9) == 0
        with transaction.atomic():
            assert OutgoingMail.objects.all().delete()[0] == 0
    assert len(deliver()) == 1


def test_mails_of_a_deleted_user_are_deleted(alice: User) -> None:
    add_mail(alice)
    alice.delete()
    assert deliver() == []
