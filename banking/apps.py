"""Django's entry for the banking app."""

from django.apps import AppConfig
from django.core.checks import Tags, register

from banking import checks


class BankingConfig(AppConfig):
    name = "banking"
    verbose_name = "Banking"

    def ready(self) -> None:
        register(checks.role_obeys_policies, Tags.database)
