"""App configuration of accounts."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from accounts import row_security


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Users"

    def ready(self) -> None:
        # Django may reconnect in mid-request; only this signal tells.
        connection_created.connect(row_security.apply_to_new_connection)
        # Imported late, because allauth and the models need the apps.
        from allauth.account.signals import password_changed, password_set  # noqa: PLC0415

        from accounts.known_devices import remember_after_password_change  # noqa: PLC0415

        for signal in (password_changed, password_set):
            signal.connect(remember_after_password_change)
