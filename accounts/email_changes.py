"""Changes of a user's address, which a link that is sent to the old address undoes, once and for a week."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.base.internal.flows import delete_dangling_recovery_codes
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from accounts import row_security
from accounts.models import EmailChange, User
from accounts.models.mails import UNDO_PERIOD

SALT = "accounts.email_changes"
# A thief adds a second factor of their own at about the time when they change the address.
FACTORS_SINCE = timedelta(days=1)


class NotUndoable(Exception):
    """The link is forged, too old or used, or its address belongs to another account now."""


@dataclass(frozen=True)
class Link:
    """The content of a link whose signature was checked."""

    change_id: UUID
    user_id: int


def record(user: User, *, old_email: str, new_email: str, now: datetime) -> str:
    """Store a change of address; return the URL that undoes it."""
    with row_security.for_user(user.pk):  # the link that confirms an address works without a sign-in
        change = EmailChange.objects.create(
            user=user, old_email=old_email, new_email=new_email, changed_at=now
        )
    token = signing.dumps([str(change.id), user.pk], salt=SALT)
    return settings.PUBLIC_URL + reverse("undo_email_change", args=[token])


def read_link(token: str) -> Link:
    """Return what the token says. Raises NotUndoable if we did not sign it, or more than UNDO_PERIOD ago."""
    try:
        change_id, user_id = signing.loads(token, salt=SALT, max_age=UNDO_PERIOD)
    except signing.BadSignature as error:
        raise NotUndoable from error
    return Link(UUID(change_id), user_id)


def find(link: Link, *, now: datetime) -> EmailChange:
    """Return the change that the link undoes. Raises NotUndoable."""
    with row_security.for_user(link.user_id):
        changes = EmailChange.objects.undoable(now).select_related("user")
        change = changes.filter(pk=link.change_id, user_id=link.user_id).first()
    if change is None:
        raise NotUndoable
    return change


def undo(link: Link, *, now: datetime) -> EmailChange:
    """Give the account back to the old address. Raises NotUndoable.

    Later changes are undone with it, because a thief may change the address twice. Nobody is signed in any more, and
    neither the password nor second factors of the last days open the account. Return the change, with the address
    that the account had until now as the new one.
    """
    with row_security.for_user(link.user_id), transaction.atomic():
        user = User.objects.select_for_update().get(pk=link.user_id)
        change = find(link, now=now)
        _free_address(change.old_email, user)
        EmailAddress.objects.filter(user=user).delete()
        EmailAddress.objects.create(user=user, email=change.old_email, verified=True, primary=True)
        change.new_email, user.email = user.email, change.old_email
        user.set_unusable_password()
        user.save(update_fields=["email", "password"])
        Authenticator.objects.filter(user=user, created_at__gte=change.changed_at - FACTORS_SINCE).delete()
        delete_dangling_recovery_codes(user)
        for session in UserSession.objects.filter(user=user):
            session.end()
        EmailChange.objects.of(user).filter(changed_at__gte=change.changed_at).delete()
    change.user = user
    return change


def _free_address(email: str, user: User) -> None:
    """Remove an account of this address that nobody has ever opened, such as one made to prevent the undoing."""
    others = User.objects.filter(email__iexact=email).exclude(pk=user.pk)
    is_confirmed = EmailAddress.objects.filter(email__iexact=email, verified=True).exclude(user=user).exists()
    if is_confirmed or others.exclude(last_login=None).exists():
        raise NotUndoable
    others.delete()
    EmailAddress.objects.filter(email__iexact=email).exclude(user=user).delete()


def forget_old(*, now: datetime) -> None:
    """Delete the changes that can no longer be undone."""
    EmailChange.objects.filter(changed_at__lte=now - UNDO_PERIOD).delete()
