"""The outbox: mails are stored with the change that they are about, and sent by a task.

So no request waits for the mail server, and no mail is lost while it, Redis or Celery is down. A request for an
address that has no account stores a mail as well, which is never sent, so its time does not tell who has an account.
"""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.utils import translation

from accounts import mails
from accounts.encryption import decrypt, encrypt
from accounts.models import OutgoingMail, User

logger = logging.getLogger(__name__)

NOTHING = "nothing"  # the kind of a mail that is never sent
PURPOSE = "mails"
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=30)  # longer than sending takes
GIVE_UP_AFTER = timedelta(days=2)
MAX_PER_RUN = 100


def add(kind: str, *, recipient: str, user: User | None, facts: Mapping[str, str]) -> None:
    """Store a mail, in the present language unless its user has chosen one.

    Call it in the transaction of the change, and `tasks.enqueue_mails()` after it.
    """
    OutgoingMail.objects.create(
        user=user,
        kind=kind,
        language=translation.get_language() or settings.LANGUAGE_CODE,
        encrypted_content=encrypt(json.dumps([recipient, dict(facts)]), purpose=PURPOSE),
    )


def add_nothing() -> None:
    """Do what `add()` does, but for a stranger, who gets no mail."""
    add(NOTHING, recipient="", user=None, facts={})


def has_due(now: datetime) -> bool:
    return OutgoingMail.objects.due(now).exists()


def send_due(*, now: Callable[[], datetime]) -> None:
    """Send what is due. If the mail server fails, the rest waits for the next run.

    A mail whose process dies between sending and deletion is sent again, with the same Message-ID.
    """
    for mail in OutgoingMail.objects.due(now()).select_related("user")[:MAX_PER_RUN]:
        if not _claim(mail, now()):
            continue
        try:
            _send(mail)
        except SMTPRecipientsRefused as error:
            _failed(mail, error, now(), is_final=_is_permanent(error))
        except OSError as error:  # the server: SMTPException is one, too
            _failed(mail, error, now())
            return
        except Exception as error:
            _failed(mail, error, now())
        else:
            mail.delete()


def _claim(mail: OutgoingMail, now: datetime) -> bool:
    """Set the time of the next attempt, so that no other process sends the mail meanwhile."""
    pause = min(FIRST_PAUSE * 2 ** min(mail.attempts, 10), LONGEST_PAUSE)
    unchanged = OutgoingMail.objects.filter(pk=mail.pk, due_at=mail.due_at)
    return bool(unchanged.update(attempts=mail.attempts + 1, due_at=now + pause))


def _send(mail: OutgoingMail) -> None:
    if mail.kind == NOTHING:
        return
    recipient, facts = json.loads(decrypt(mail.encrypted_content, purpose=PURPOSE))
    owner = mail.user or User.objects.filter(email__iexact=recipient).first()
    language = (owner.language if owner else "") or mail.language
    message = mails.render(mail.kind, recipient=recipient, language=language, facts=facts)
    message.extra_headers["Message-ID"] = f"<{mail.pk}@{urlsplit(settings.PUBLIC_URL).hostname}>"
    message.send()


def _failed(mail: OutgoingMail, error: Exception, now: datetime, *, is_final: bool = False) -> None:
    """Log a failure by the error's type alone, because its text may name the address. Give up if there is no hope."""
    is_final = is_final or isinstance(error, InvalidToken) or mail.created_at < now - GIVE_UP_AFTER
    level, outcome = (logging.ERROR, "given up") if is_final else (logging.WARNING, "sent later")
    logger.log(level, "mail %s (%s): %s, %s", mail.pk, mail.kind, _name(error), outcome)
    if is_final:
        mail.delete()


def _name(error: Exception) -> str:
    code = getattr(error, "smtp_code", "") or getattr(error, "errno", "") or ""
    return f"{type(error).__name__} {code}".strip()


def _is_permanent(error: SMTPRecipientsRefused) -> bool:
    return all(code >= 500 for code, _reply in error.recipients.values())
