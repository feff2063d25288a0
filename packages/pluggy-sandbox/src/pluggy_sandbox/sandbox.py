"""The running sandbox: builds its parts and gives views access to them."""

import datetime as dt
import secrets
from dataclasses import dataclass, field
from typing import Any

from flask import current_app

from pluggy_sandbox.clock import Clock
from pluggy_sandbox.delivery.dispatcher import Dispatcher
from pluggy_sandbox.delivery.publisher import EventPublisher
from pluggy_sandbox.faults.registry import FaultRegistry
from pluggy_sandbox.institutions import connectors, health
from pluggy_sandbox.rate_limits import Limits
from pluggy_sandbox.request_log import RequestLog
from pluggy_sandbox.runs.collector import Collector
from pluggy_sandbox.runs.runner import Runner
from pluggy_sandbox.settings import Settings
from pluggy_sandbox.store import key_values
from pluggy_sandbox.store.database import Database

CLOCK_OFFSET = "clock-offset"  # seconds


@dataclass(frozen=True)
class Sandbox:
    """One running sandbox."""

    settings: Settings
    clock: Clock
    database: Database
    signing_key: str
    dispatcher: Dispatcher
    collector: Collector
    publisher: EventPublisher
    runner: Runner
    faults: FaultRegistry = field(default_factory=FaultRegistry)
    limits: Limits = field(default_factory=Limits)
    requests: RequestLog = field(default_factory=RequestLog)

    def start(self) -> None:
        """Start the threads. Open runs and undelivered events continue."""
        self.dispatcher.start()
        self.runner.start()

    def connector(self, connector_id: int) -> dict[str, Any]:
        """Return an institution in the format of the API, with its current health."""
        state = health.describe(self.database, connector_id)
        return connectors.connector(connector_id, self.settings.origin, state)

    def move_clock(self, moment: dt.datetime) -> None:
        """Move the clock forward, also for the next start; raise ValueError for the past."""
        self.clock.move_to(moment)
        key_values.put(self.database, CLOCK_OFFSET, str(self.clock.offset.total_seconds()))
        self.runner.check_now()

    def stop(self) -> None:
        """Stop the threads."""
        self.runner.stop()
        self.dispatcher.stop()


def build(settings: Settings) -> Sandbox:
    """Open the state folder and build the parts."""
    database = Database(settings.state)
    stored_offset = dt.timedelta(seconds=float(key_values.get(database, CLOCK_OFFSET) or 0))
    clock = Clock(settings.today, stored_offset)
    key_values.put(database, CLOCK_OFFSET, str(clock.offset.total_seconds()))
    dispatcher = Dispatcher(database, clock, settings)
    collector = Collector(database, clock, settings.seed, settings.history_months)
    publisher = EventPublisher(database, clock, settings.client_id, settings.origin, dispatcher.wake)
    runner = Runner(database, clock, settings, collector, publisher)
    signing_key = database.get_or_create("signing-key", secrets.token_hex(32))
    limits = Limits(enabled=settings.rate_limits)
    return Sandbox(
        settings, clock, database, signing_key, dispatcher, collector, publisher, runner, limits=limits
    )  # fmt: skip


def current_sandbox() -> Sandbox:
    """Return the sandbox that serves this request."""
    sandbox: Sandbox = current_app.extensions["sandbox"]
    return sandbox


def database() -> Database:
    """Return the database of the sandbox that serves this request."""
    return current_sandbox().database
