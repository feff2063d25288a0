"""The parts of the local Pluggy put together: what every door reaches through `here()`."""

import secrets
from dataclasses import dataclass, field

from flask import current_app

from dev.sandbox.clock import Clock
from dev.sandbox.delivery.courier import Courier
from dev.sandbox.delivery.events import Announcer
from dev.sandbox.faults import Faults
from dev.sandbox.runs.collect import Collector
from dev.sandbox.runs.runner import Runner
from dev.sandbox.settings import Settings
from dev.sandbox.store.database import Database


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

    def start(self) -> None:
        """Start the threads; open runs and undelivered events go on."""
        self.courier.start()
        self.runner.start()

    def stop(self) -> None:
        """Stop the threads."""
        self.runner.stop()
        self.courier.stop()


def build(settings: Settings) -> Pluggy:
    """Open the state and put the parts together."""
    clock, database = Clock(settings.today), Database(settings.state)
    courier = Courier(database, clock, settings)
    collector = Collector(database, clock, settings.seed, settings.history_months)
    announcer = Announcer(database, clock, settings.client_id, settings.origin, courier.ring)
    runner = Runner(database, clock, settings, collector, announcer)
    signing_key = database.remember("signing-key", secrets.token_hex(32))
    return Pluggy(settings, clock, database, signing_key, courier, collector, announcer, runner)


def here() -> Pluggy:
    """The local Pluggy that serves this request."""
    found: Pluggy = current_app.extensions["pluggy"]
    return found
