"""The parts of the local Pluggy put together: what every door reaches through `here()`."""

import datetime as dt
import secrets
from dataclasses import dataclass, field
from typing import Any

from flask import current_app

from dev.sandbox.bank import connectors, health
from dev.sandbox.clock import Clock
from dev.sandbox.delivery.courier import Courier
from dev.sandbox.delivery.events import Announcer
from dev.sandbox.faults.rules import Faults
from dev.sandbox.limits import Limits
from dev.sandbox.runs.collect import Collector
from dev.sandbox.runs.runner import Runner
from dev.sandbox.settings import Settings
from dev.sandbox.store import marks
from dev.sandbox.store.database import Database

CLOCK_OFFSET = "clock-offset"  # seconds


@dataclass(frozen=True)
class Pluggy:
    """One running local Pluggy."""

    settings: Settings
    clock: Clock
    database: Database
    signing_key: str
    courier: Courier
    collector: Collector
    announcer: Announcer
    runner: Runner
    faults: Faults = field(default_factory=Faults)
    limits: Limits = field(default_factory=Limits)

    def start(self) -> None:
        """Start the threads; open runs and undelivered events go on."""
        self.courier.start()
        self.runner.start()

    def connector(self, connector_id: int) -> dict[str, Any]:
        """An institution as the API gives it, with its health of this moment."""
        state = health.describe(self.database, connector_id)
        return connectors.connector(connector_id, self.settings.origin, state)

    def move_clock(self, moment: dt.datetime) -> None:
        """Jump forward to an instant, also for the next start; ValueError for the past."""
        self.clock.move_to(moment)
        marks.put(self.database, CLOCK_OFFSET, str(self.clock.offset.total_seconds()))
        self.runner.look()

    def stop(self) -> None:
        """Stop the threads."""
        self.runner.stop()
        self.courier.stop()


def build(settings: Settings) -> Pluggy:
    """Open the state and put the parts together."""
    database = Database(settings.state)
    kept = dt.timedelta(seconds=float(marks.get(database, CLOCK_OFFSET) or 0))
    clock = Clock(settings.today, kept)
    marks.put(database, CLOCK_OFFSET, str(clock.offset.total_seconds()))
    courier = Courier(database, clock, settings)
    collector = Collector(database, clock, settings.seed, settings.history_months)
    announcer = Announcer(database, clock, settings.client_id, settings.origin, courier.ring)
    runner = Runner(database, clock, settings, collector, announcer)
    signing_key = database.remember("signing-key", secrets.token_hex(32))
    limits = Limits(on=settings.rate_limits)
    return Pluggy(
        settings, clock, database, signing_key, courier, collector, announcer, runner, limits=limits
    )  # fmt: skip


def here() -> Pluggy:
    """The local Pluggy that serves this request."""
    found: Pluggy = current_app.extensions["pluggy"]
    return found
