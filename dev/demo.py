"""Run the whole product on this machine until Ctrl-C: private servers, local Pluggy, web, workers, beat."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

from honcho.manager import Manager
from honcho.printer import Printer

from dev import demo_config, ports, postgres_server, processes
from dev.command_line import (
    DevToolError,
    print_error,
    require_disk_space,
    require_python,
    use_utf8_output,
)
from dev.demo_config import DemoConfig

MIGRATE = ("migrate", "--noinput", "-v0")
# Earlier versions kept all tables in the app `banking`. Today it is a folder of apps, whose first migrations
# would fail on the old tables.
SQL_OLD_MIGRATION = "SELECT name FROM django_migrations WHERE app = 'banking' LIMIT 1"
AFTER_MIGRATE = (("createcachetable",), ("load_categories",))
BOX_CHARACTERS = "┌│├└"
# Every page makes these requests; in the terminal they would hide the others.
HIDDEN_REQUESTS = ("GET /static/", "GET /data-version/")


class DemoPrinter(Printer):  # type: ignore[misc]
    """Print the lines of the child processes, and record why the run ends: a signal or an ended process."""

    end_reason: tuple[str, str] | None = None  # e.g. ("SIGINT", "received") or ("web", "stopped (rc=1)")

    def write(self, message: Any) -> None:
        text = message.data if isinstance(message.data, str) else message.data.decode("utf-8", "replace")
        match = re.match(r"(\w+) (received|stopped \(rc=.*\))", text) if message.name == "system" else None
        if match and self.end_reason is None:
            self.end_reason = (match[1], match[2])
        if message.name == "web" and text.startswith(HIDDEN_REQUESTS):
            return
        if message.name == "demo" and text[:1] in BOX_CHARACTERS:
            print(text.rstrip("\n"), file=self.output, flush=True)
        else:
            super().write(message)

    def exit_code(self) -> int:
        """Return 0 after a signal. After an ended process, print its name and return 1."""
        name, reason = self.end_reason or ("SIGINT", "received")
        if reason == "received":
            return 0
        return print_error(f"{name} {reason} unexpectedly, so the demo ended. Its last lines are above.")


def manage(arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    """Run a management command. Print its output only when it fails."""
    started = time.monotonic()
    command = [sys.executable, "manage.py", *arguments]
    completed = subprocess.run(
        command,
        cwd=demo_config.PROJECT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if completed.returncode:
        raise DevToolError(f"manage.py {arguments[0]} failed:\n{completed.stdout.strip()}")
    print(f"· {arguments[0]}: {time.monotonic() - started:.1f} s")


def run_processes(config: DemoConfig) -> int:
    """Run the child processes until a signal arrives or one of them ends; return the exit code."""
    printer = DemoPrinter(sys.stdout)
    manager = Manager(printer)
    for name, command in config.commands.items():
        manager.add_process(name, command, env=config.environment, cwd=str(demo_config.PROJECT))
    try:
        manager.loop()
    except (KeyboardInterrupt, KeyError):
        # A signal before all children have started makes honcho look up a missing one: KeyError.
        return 0
    return printer.exit_code()


def require_free_ports(config: DemoConfig) -> None:
    ports.require_free_port(config.web_port, what="web", variable="WEB_PORT")
    if config.has_local_pluggy:
        if config.pluggy_port == config.web_port:
            raise DevToolError(f"WEB_PORT and PLUGGY_PORT are both {config.web_port}. Choose two.")
        ports.require_free_port(config.pluggy_port, what="local Pluggy", variable="PLUGGY_PORT")


def require_current_database(config: DemoConfig) -> None:
    """Raise DevToolError when the private database was made by a version with other migrations."""
    if not postgres_server.is_private(config.settings["DATABASE_URL"]):
        return
    with config.services.postgres.connect() as connection:
        is_new = connection.execute("SELECT to_regclass('django_migrations')").fetchone() == (None,)
        if is_new or connection.execute(SQL_OLD_MIGRATION).fetchone() is None:
            return
    raise DevToolError(
        "The demo database was made by an earlier version. "
        "Run `make wipe` and start again (this deletes the demo data and .env)."
    )


def run(config: DemoConfig) -> int:
    """Start the servers, migrate and run the processes. At the end, stop everything that was started."""
    require_free_ports(config)
    try:
        started = time.monotonic()
        config.services.start()
        print(f"· private servers: {time.monotonic() - started:.1f} s")
        require_current_database(config)
        manage(MIGRATE, config.environment)
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda arguments: manage(arguments, config.environment), AFTER_MIGRATE))
        return run_processes(config)
    finally:
        # A second Ctrl-C must not interrupt the cleanup.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        while processes.end_by_environment(demo_config.MARKER, str(demo_config.VAR)):
            pass
        config.services.stop()
        print("· everything is stopped")


def raise_keyboard_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    os.chdir(demo_config.PROJECT)
    signal.signal(signal.SIGTERM, raise_keyboard_interrupt)
    demo_config.VAR.mkdir(exist_ok=True)
    try:
        require_python()
        require_disk_space(demo_config.VAR)
        busy = "The demo is already running in this folder. Stop it there with Ctrl-C."
        with processes.exclusive_lock(demo_config.VAR / "demo.lock", wait=0, busy=busy):
            if count := processes.end_by_environment(demo_config.MARKER, str(demo_config.VAR)):
                print(f"· ended {count} processes of an earlier start")
            return run(demo_config.load_config())
    except (DevToolError, OSError) as error:
        return print_error(error)
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    use_utf8_output()
    sys.exit(main())
