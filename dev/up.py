"""Runs the whole product on this machine until Ctrl-C: servers, local Pluggy, web, worker, beat."""

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

from dev import plan, ports, processes
from dev.machine import Trouble, complain, need_disk, need_python, speak_utf8

MIGRATE = ("migrate", "--noinput", "-v0")
THEN = (("createcachetable",), ("load_categories",))
BOX = "┌│├└"
HUM = ("GET /static/", "GET /news/")  # what every page asks for, which would bury the rest


class Journal(Printer):  # type: ignore[misc]
    """Prints the children's lines with their names and notes why the run ends: a signal or a death."""

    ending: tuple[str, str] | None = None

    def write(self, message: Any) -> None:
        text = message.data if isinstance(message.data, str) else message.data.decode("utf-8", "replace")
        found = re.match(r"(\w+) (received|stopped \(rc=.*\))", text) if message.name == "system" else None
        if found and self.ending is None:
            self.ending = (found[1], found[2])
        if message.name == "web" and text.startswith(HUM):
            return
        if message.name == "demo" and text[:1] in BOX:
            print(text.rstrip("\n"), file=self.output, flush=True)
        else:
            super().write(message)

    def verdict(self) -> int:
        """0 when a person ended it; otherwise says who died."""
        name, how = self.ending or ("SIGINT", "received")
        if how == "received":
            return 0
        return complain(f"{name} {how} by itself: its last lines are above; everything else was stopped too")


def manage(words: tuple[str, ...], environment: dict[str, str]) -> None:
    """One management command, silent unless it fails."""
    begun = time.monotonic()
    command = [sys.executable, "manage.py", *words]
    done = subprocess.run(
        command,
        cwd=plan.PROJECT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        raise Trouble(f"manage.py {words[0]} failed:\n{done.stdout.strip()}")
    print(f"· {words[0]}: {time.monotonic() - begun:.1f} s")


def crew(chosen: plan.Plan) -> int:
    """Runs the children until a signal or the first death, and tells which it was."""
    journal = Journal(sys.stdout)
    manager = Manager(journal)
    for name, command in chosen.commands.items():
        manager.add_process(name, command, env=chosen.environment, cwd=str(plan.PROJECT))
    try:
        manager.loop()
    except (KeyboardInterrupt, KeyError):  # honcho looks up a child that a very early signal found unborn
        return 0
    return journal.verdict()


def check_ports(chosen: plan.Plan) -> None:
    ports.need_free(chosen.web_port, what="web", name="WEB_PORT")
    if chosen.has_local_pluggy:
        if chosen.pluggy_port == chosen.web_port:
            raise Trouble(f"WEB_PORT and PLUGGY_PORT are both {chosen.web_port}: choose two different ones")
        ports.need_free(chosen.pluggy_port, what="local Pluggy", name="PLUGGY_PORT")


def run(chosen: plan.Plan) -> int:
    """Servers first and last; whatever happens between, nothing that we started stays."""
    check_ports(chosen)
    try:
        begun = time.monotonic()
        chosen.services.start()
        print(f"· private servers: {time.monotonic() - begun:.1f} s")
        manage(MIGRATE, chosen.environment)
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda words: manage(words, chosen.environment), THEN))
        return crew(chosen)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        while processes.end_marked(plan.MARK, str(plan.VAR)):
            pass
        chosen.services.stop()
        print("· everything is stopped")


def interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    os.chdir(plan.PROJECT)
    signal.signal(signal.SIGTERM, interrupt)
    plan.VAR.mkdir(exist_ok=True)
    try:
        need_python()
        need_disk(plan.VAR)
        busy = "the demo is already running from this folder: stop it there with Ctrl-C"
        with processes.sole(plan.VAR / "demo.lock", wait=0, busy=busy):
            if left := processes.end_marked(plan.MARK, str(plan.VAR)):
                print(f"· ended {left} processes that an earlier start left behind")
            return run(plan.read())
    except (Trouble, OSError) as trouble:
        return complain(trouble)
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    speak_utf8()
    sys.exit(main())
