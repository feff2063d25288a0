"""Register our webhook at Pluggy, with its secret header; repair it if it is disabled or differs."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from banking.application import pluggy
from banking.pluggy import PluggyError, payloads
from webhooks.views import SECRET_HEADER

EVENT = "all"


class Command(BaseCommand):
    help = "Create or repair the application's webhook at Pluggy. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        url = settings.PUBLIC_URL + reverse("pluggy_webhook")
        try:
            self.stdout.write(f"{url}: {self._register(url)}")
        except PluggyError as error:
            raise CommandError(f"the webhook {url} could not be registered: {error}") from error

    def _register(self, url: str) -> str:
        headers = {SECRET_HEADER: settings.PLUGGY_WEBHOOK_SECRET}
        ours = [hook for hook in pluggy().webhooks() if hook.url == url and hook.event == EVENT]
        if not ours:
            pluggy().create_webhook(url=url, event=EVENT, headers=headers)
            return "created"
        if _is_right(ours[0], headers):
            return "already registered"
        pluggy().update_webhook(ours[0].id, url=url, event=EVENT, headers=headers, enabled=True)
        return "repaired"


def _is_right(hook: payloads.Webhook, headers: dict[str, str]) -> bool:
    return hook.disabled_at is None and hook.headers == headers
