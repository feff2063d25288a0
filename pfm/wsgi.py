"""The WSGI entry point of the web server."""

import os

from django.core.wsgi import get_wsgi_application

from accounts import rows

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pfm.settings")

application = get_wsgi_application()
rows.of_nobody_by_default()
