"""Process events again that were given up or are parked."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from webhooks import inbox, tasks
from webhooks.models import Event

STATES = (Event.State.DEAD, Event.State.PARKED)


class Command(BaseCommand):
    help = "Process events as if they had just come. Safe to repeat: an event only triggers a sync."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--state", choices=STATES, help="only events in this state (default: dead and parked)"
        )
        parser.add_argument("--item", type=UUID, metavar="ID", help="only this item")
        parser.add_argument(
            "--since", type=_parse_time, metavar="DATE", help="received since this date or time"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        count = 0
        for event in _chosen(options).iterator():
            inbox.process_again(event, client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
            tasks.enqueue(event)
            count += 1
        self.stdout.write(f"{count} events are being processed again")


def _chosen(options: dict[str, Any]) -> QuerySet[Event]:
    """Return the events in the order in which they came."""
    states = [options["state"]] if options["state"] else STATES
    events = Event.objects.filter(state__in=states).order_by("id")
    if options["item"]:
        events = events.filter(item_id=options["item"])
    return events.filter(received_at__gte=options["since"]) if options["since"] else events


def _parse_time(text: str) -> datetime:
    try:
        day = parse_date(text)
        instant = datetime(day.year, day.month, day.day) if day else parse_datetime(text)
    except ValueError as error:
        raise CommandError(f"{text}: {error}") from error
    if instant is None:
        raise CommandError(f"{text} is neither a date nor a time")
    return instant if instant.tzinfo else timezone.make_aware(instant)
