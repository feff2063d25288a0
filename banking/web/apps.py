"""App configuration of banking's web layer."""

from django.apps import AppConfig
from django.core.checks import Tags, register

from banking.web import checks


class WebConfig(AppConfig):
    name = "banking.web"
    label = "web"
    verbose_name = "Banking"

    def ready(self) -> None:
        register(checks.role_obeys_policies, Tags.database)
        register(checks.web_role_owns_no_table, Tags.database, deploy=True)
