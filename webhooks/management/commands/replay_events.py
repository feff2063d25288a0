"""Have events judged again that were given up or are parked."""

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
    help = "Have events judged as if they had just come. Safe to repeat: an event is only a reason to look."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--state", choices=STATES, help="only these; dead and parked ones without it")
        parser.add_argument("--item", type=UUID, metavar="ID", help="of one item")
        parser.add_argument("--since", type=_moment, metavar="DAY", help="received since this day or moment")

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for event in _chosen(options).iterator():
            inbox.process_again(event, client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
            tasks.ring(event)
            count += 1
        self.stdout.write(f"{count} events are being processed again")


def _chosen(options: dict[str, Any]) -> QuerySet[Event]:
    """The oldest first, as they came."""
    states = [options["state"]] if options["state"] else STATES
    events = Event.objects.filter(state__in=states).order_by("id")
    if options["item"]:
        events = events.filter(item_id=options["item"])
    return events.filter(received_at__gte=options["since"]) if options["since"] else events


def _moment(text: str) -> datetime:
    try:
        day = parse_date(text)
        moment = datetime(day.year, day.month, day.day) if day else parse_datetime(text)
    except ValueError as error:
        raise CommandError(f"{text}: {error}") from error
    if moment is None:
        raise CommandError(f"{text} is neither a day nor a moment")
    return moment if moment.tzinfo else timezone.make_aware(moment)
