"""The WSGI entry point of the web server."""

import os

from django.core.wsgi import get_wsgi_application

from accounts import row_security

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pfm.settings")

application = get_wsgi_application()
row_security.default_to_nobody()
