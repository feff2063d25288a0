"""Django's entry for the people app."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from accounts import rows


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "People"

    def ready(self) -> None:
        # The one signal of the house: nothing else knows that Django has connected again by itself.
        connection_created.connect(rows.tell_new)
