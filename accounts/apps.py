"""App configuration of accounts."""

from importlib import import_module

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.backends.signals import connection_created

from accounts import checks, row_security


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Users"

    def ready(self) -> None:
        # Django may reconnect in mid-request; only this signal tells.
        connection_created.connect(row_security.apply_to_new_connection)
        register(checks.release_settings, Tags.security, deploy=True)
        security_signals = import_module("accounts.security_signals")  # it imports models
        security_signals.connect()
