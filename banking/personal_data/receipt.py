"""The mail that tells a person that their data is erased. It names nothing of theirs but the address it goes to."""

from django.core.mail import send_mail
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Erasure


def send(erasure: Erasure) -> None:
    """Send the receipt to the address that is kept for it. Raises OSError if the mail server does not take it."""
    with translation.override(erasure.language):
        subject = _("Lume: your data has been deleted")
        text = _(
            "Hello,\n\nyour Lume account has been deleted, with everything in it. Your bank connections were deleted at"
            " Pluggy first, which confirmed that they no longer exist.\n\nBackups keep older copies until they are"
            " replaced; nothing is restored from them into Lume. Lume no longer has your e-mail address, so nobody can"
            " answer questions about the deleted data. This is the last message that you receive.\n\nLume"
        )
    send_mail(subject, text, None, [erasure.email])
