"""Read the mails that the product sends: they wait in the outbox until its task runs."""

import re
from typing import Any

from django.core import mail
from django.utils import timezone

from accounts import outbox


def deliver() -> list[Any]:
    """Send what is in the outbox; return the mails that were sent."""
    before = len(mail.outbox)
    outbox.send_due(now=timezone.now)
    return mail.outbox[before:]


def deliver_one() -> Any:
    """Send what is in the outbox, which is one mail; return it."""
    (sent,) = deliver()
    return sent


def html_of(sent: Any) -> str:
    """Return the HTML form of a mail."""
    ((content, content_type),) = sent.alternatives
    assert content_type == "text/html"
    return str(content)


def path_in(sent: Any, part: str) -> str:
    """Return the path of the link in a mail that has the part in its URL."""
    (url,) = {url for url in re.findall(r"https?://\S+", sent.body) if part in url}
    return "/" + str(url).split("/", 3)[3]
