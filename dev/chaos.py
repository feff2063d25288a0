"""`make chaos RUNS=n SEED=s`: real processes under random faults; in the end every row is the bank's.

A run hurts web, workers, beat, PostgreSQL, Redis, Pluggy's API and its deliveries while banks report and a
person writes notes; then everything is let heal, and each item is compared with Pluggy's truth. The seed
decides what happens in which order; how it falls in time is the machine's.
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import redis
import requests

from dev import processes
from dev.judge import WRONG, Tally, judge
from dev.machine import Trouble, complain, speak_utf8
from dev.plan import PROJECT
from dev.stage import Stage, form_token

BANKS = (9001, 9003)
HEAL_WITHIN = 180.0
LOGIN = {"user": "user-ok", "password": "password-ok"}
ANSWERS = [
    "latency",
    "status",
    "reset",
    "truncate",
    "html",
    "empty",
    "expired-key",
    "row-appears",
    "row-vanishes",
]
PASSWORD = "a-long-pass-word"
PARTS = ("web", "worker", "bulk", "beat")


class Run:
    """One run on a stage of its own."""

    def __init__(self, stage: Stage, seed: int, seconds: float) -> None:
        self.stage, self.seed, self.seconds = stage, seed, seconds
        self.dice = Random(f"chaos/{seed}")
        self.tally = Tally()
        self.notes: dict[str, str] = {}
        self.items: list[str] = []
        self.email = f"chaos{seed}@example.com"

    def play(self) -> Tally:
        self._connect()
        self._disturb()
        until = time.monotonic() + self.seconds
        while time.monotonic() < until:
            self._act()
            time.sleep(self.dice.uniform(0.05, 0.6))
        self._heal()
        judge(self.stage, self.tally, items=self.items, notes=self.notes)
        return self.tally

    # --- Before ----------------------------------------------------------------------------------------
    def _connect(self) -> None:
        made = self.stage.manage("create_person", self.email, "--password", PASSWORD)
        self.reference = re.search(r'"reference": "([^"]+)"', made.stdout)[1]  # type: ignore[index]
        for bank in BANKS:
            body = {"connectorId": bank, "parameters": LOGIN, "clientUserId": self.reference}
            self.items.append(str(self._api("POST", "/items", json=body)["id"]))

    def _disturb(self) -> None:
        events = {"rate": 0.15, "kinds": ["lost", "doubled", "delayed", "reordered", "forged"]}
        self.stage.control("POST", "/chaos", seed=self.seed, rate=0.1, kinds=ANSWERS, events=events)

    # --- During ----------------------------------------------------------------------------------------
    def _act(self) -> None:
        chosen: Callable[[], None] = self.dice.choices(
            (self._spend, self._correct, self._take_back, self._refresh, self._write_note, self._hurt),
            weights=(8, 4, 3, 2, 3, 3),
        )[0]
        try:
            chosen()
        except (requests.RequestException, redis.RedisError, OSError, Trouble) as trouble:
            self.tally.details.append(f"{chosen.__name__}: {type(trouble).__name__}")  # it may well be down
        self.stage.services.start()
        self.stage.revive()

    def _spend(self) -> None:
        body = {
            "amount": -self.dice.randrange(100, 20000) / 100,
            "description": f"COMPRA {self.dice.randrange(9)}",
            "accountType": self.dice.choice(("CHECKING_ACCOUNT", "CREDIT_CARD")),
        }
        self.stage.control("POST", f"/items/{self.dice.choice(self.items)}/transactions", **body)

    def _correct(self) -> None:
        if row := self._recent_row():
            amount = -self.dice.randrange(100, 9999) / 100
            self.stage.control("PATCH", f"/transactions/{row['id']}", amount=amount)

    def _take_back(self) -> None:
        if row := self._recent_row():
            self.stage.control("DELETE", f"/transactions/{row['id']}")

    def _refresh(self) -> None:
        self.stage.control("POST", f"/items/{self.dice.choice(self.items)}/refresh")

    def _recent_row(self) -> dict[str, Any] | None:
        """One of the last days: what no event tells of, the look-back finds."""
        found = self.stage.control("GET", f"/truth/items/{self.dice.choice(self.items)}")["transactions"]
        rows = [row for rows in found.values() for row in rows[:12] if row["status"] == "PENDING" or rows]
        edge = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 4 * 86400))
        rows = [row for row in rows if row["date"] > edge]
        return self.dice.choice(rows) if rows else None

    def _write_note(self) -> None:
        """As the page does it, through the web server."""
        rows = self.stage.query("SELECT id FROM banking_transaction WHERE deleted_at IS NULL ORDER BY id")
        if not rows:
            return
        row_id = str(self.dice.choice(rows)[0])
        note = f"note {len(self.notes)} of {self.seed}"
        page = self._person().get(f"{self.stage.url}/transactions/{row_id}/", timeout=15)
        form = {"csrfmiddlewaretoken": form_token(page.text), "note": note, "category": ""}
        headers = {"Referer": page.url}
        saved = self._session.post(page.url, data=form, headers=headers, timeout=15, allow_redirects=False)
        if saved.status_code == 302:
            self.notes[row_id] = note

    def _person(self) -> requests.Session:
        if not hasattr(self, "_session"):
            self._session = self.stage.signed_in(self.email, PASSWORD)
        return self._session

    def _hurt(self) -> None:
        chosen: Callable[[], None] = self.dice.choices(
            (self._kill, self._freeze, self._crash_postgres, self._restart_postgres, self._hurt_redis),
            weights=(6, 3, 1, 1, 3),
        )[0]
        chosen()
        self.tally.kills += 1

    def _kill(self) -> None:
        self.stage.kill(self.dice.choice(PARTS))

    def _freeze(self) -> None:
        part = self.dice.choice(PARTS)
        self.stage.signal(part, signal.SIGSTOP)
        time.sleep(self.dice.uniform(0.5, 4.0))
        self.stage.signal(part, signal.SIGCONT)

    def _crash_postgres(self) -> None:
        process = self.stage.services.postgres.process()
        if process:
            process.kill()
            process.wait(10)

    def _restart_postgres(self) -> None:
        self.stage.services.postgres.stop()

    def _hurt_redis(self) -> None:
        how = self.dice.choice(("flush", "pause", "stop"))
        if how == "stop":
            return self.stage.services.redis.stop()
        with redis.Redis(unix_socket_path=str(self.stage.services.redis.socket), socket_timeout=3) as client:
            if how == "flush":
                client.flushall()
            else:
                client.execute_command("CLIENT", "PAUSE", "3000")

    # --- After -----------------------------------------------------------------------------------------
    def _heal(self) -> None:
        """Everything up, no faults, one more collecting of each item; then the product gets its time."""
        for path in ("/chaos", "/faults", "/deliveries/faults"):
            self.stage.control("DELETE", path)
        self.stage.services.start()
        self.stage.revive()
        self._wait(self.stage.is_up, 60, "the product answers")
        self.stage.manage("register_webhook", "-v0")
        for item in self.items:
            self._wait(partial(self._is_collected, item), 60, "the bank's run ends")
            self.stage.control("POST", f"/items/{item}/refresh")
            self._wait(partial(self._is_collected, item), 60, "the bank's run ends")
        self._wait(self._is_quiet, HEAL_WITHIN, "everything told is read")
        self.tally.events = self.stage.query("SELECT count(*) FROM webhooks_event")[0][0]

    def _is_collected(self, item: str) -> bool:
        return bool(self._api("GET", f"/items/{item}")["status"] in ("UPDATED", "OUTDATED"))

    def _is_quiet(self) -> bool:
        waiting = self.stage.control("GET", "/state")["waitingDeliveries"]
        settled = "dirty_seq = synced_seq AND lease_until IS NULL"
        (done,) = self.stage.query(f"SELECT count(*) FROM banking_syncstate WHERE {settled}")[0]
        return not waiting and bool(done == len(self.items))

    def _api(self, method: str, path: str, **options: Any) -> Any:
        """Pluggy's API with our key; a fault in the way is tried through."""
        keys = {"clientId": self.stage.environment["PLUGGY_CLIENT_ID"]}
        keys["clientSecret"] = self.stage.environment["PLUGGY_CLIENT_SECRET"]
        url = self.stage.pluggy_url
        for _ in range(20):
            try:
                key = requests.post(f"{url}/auth", json=keys, timeout=10).json()["apiKey"]
                options["headers"] = {"X-API-KEY": key}
                answer = requests.request(method, url + path, timeout=10, **options)
                answer.raise_for_status()
                return answer.json()
            except (requests.RequestException, ValueError, KeyError):
                time.sleep(0.1)
        raise Trouble(f"{method} {path}: twenty faults in a row")

    @staticmethod
    def _wait(true: Callable[[], bool], seconds: float, what: str) -> None:
        if not processes.wait_until(true, seconds=seconds, every=0.2):
            raise Trouble(f"not within {seconds:.0f} s: {what}")


def one(seed: int, seconds: float) -> Tally:
    folder = PROJECT / "var" / "chaos"
    flags = ("--pace", "0.2", "--history-months", "2")
    with Stage(folder, pluggy_flags=flags) as stage:
        return Run(stage, seed, seconds).play()


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    parser.add_argument("--seconds", type=float, default=25.0, help="of trouble, before the healing")
    chosen = parser.parse_args(words)
    kills = events = 0
    wrong: Counter[str] = Counter()
    for number in range(chosen.runs):
        seed = chosen.seed + number
        begun = time.monotonic()
        tally = one(seed, chosen.seconds)
        kills, events, wrong = kills + tally.kills, events + tally.events, wrong + tally.wrong
        found = {name: count for name, count in tally.wrong.items() if count}
        took = f"{time.monotonic() - begun:.0f} s"
        print(
            f"seed {seed}: {tally.kills} kills, {tally.events} events, {took}, {found or 'well'}", flush=True
        )
        if found:
            print("\n".join(tally.details[-5:]), flush=True)
    counts = " ".join(f"{name}={wrong[name]}" for name in WRONG)
    print(f"runs={chosen.runs} kills={kills} events={events} {counts}")
    return 1 if sum(wrong.values()) else 0


if __name__ == "__main__":
    speak_utf8()
    try:
        sys.exit(main(sys.argv[1:]))
    except (Trouble, OSError) as trouble:
        sys.exit(complain(trouble))
    except KeyboardInterrupt:
        sys.exit(complain("interrupted"))
