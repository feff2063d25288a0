"""The mail that tells a person that their data is erased. It names nothing of theirs but the address it goes to."""

from accounts import mails
from accounts.mail_texts import ERASED
from accounts.models import Erasure


def send(erasure: Erasure) -> None:
    """Send the receipt to the address that is kept for it. Raises OSError if the mail server does not take it.

    It does not go through the outbox, which would keep the address for longer.
    """
    mails.render(ERASED, recipient=erasure.email, language=erasure.language, facts={}).send()
