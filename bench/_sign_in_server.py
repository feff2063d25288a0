"""Serve the product with the limits of one user raised so far that a benchmark never reaches them.

They are still counted, so their work is part of the measured times.
"""

import re

from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.ACCOUNT_RATE_LIMITS = {
    action: re.sub(r"(^|,)\d+/", r"\g<1>100000/", rates)
    for action, rates in settings.ACCOUNT_RATE_LIMITS.items()
}
application = get_wsgi_application()
