"""App configuration of webhooks."""

from django.apps import AppConfig
from django.core.checks import Tags, register

from webhooks import checks


class WebhooksConfig(AppConfig):
    name = "webhooks"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        register(checks.webhook_secrets, Tags.security)
