"""Run the product under random faults, then compare every stored transaction with the banks' data.

`make chaos RUNS=5 SEED=1` starts real processes. While banks report transactions and give ids to other
postings, and a user writes notes and connects banks again by Open Finance, a run kills, freezes or restarts
web, workers, beat, PostgreSQL and Redis. It adds faults to Pluggy's API, such as refused products and odd
fields, and to its webhook deliveries. Then all faults end, and each item is compared with the local Pluggy's
data. The seed fixes which actions happen and in which order, but not their exact timing.
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
from dev.chaos_check import ERROR_KINDS, ChaosResult, count_errors
from dev.command_line import DevToolError, print_error, use_utf8_output
from dev.demo_config import PROJECT
from dev.product_stack import ProductStack, csrf_token

CONNECTOR_IDS = (9001, 9003)
RECOVERY_SECONDS = 180.0
CREDENTIALS = {"user": "user-ok", "password": "password-ok"}
API_FAULTS = [
    "latency",
    "status",
    "reset",
    "truncate",
    "html",
    "empty",
    "expired-key",
    "row-appears",
    "row-vanishes",
    "product-refused",
    "open-finance-limit",
    "odd-field",
]
DELIVERY_FAULTS = ["lost", "doubled", "delayed", "reordered", "forged"]
PASSWORD = "a-long-pass-word"
PROCESS_NAMES = ("web", "worker", "bulk", "beat")
# A sync rereads the last days even without an event. Only such days may change while events can be lost.
LOOK_BACK_SECONDS = 4 * 86400


class ChaosRun:
    """Run the faults of one seed on a product stack."""

    def __init__(self, stack: ProductStack, seed: int, seconds: float) -> None:
        self.stack, self.seed, self.seconds = stack, seed, seconds
        self.random = Random(f"chaos/{seed}")
        self.result = ChaosResult()
        self.notes: dict[str, str] = {}  # → the description of its transaction
        self.item_ids: list[str] = []
        self.connections: dict[int, str] = {}  # connector → item, of those that were not connected again
        self.ended_connectors: list[int] = []
        self.changed_ids: set[str] = set()
        self.reused_ids: set[str] = set()  # they belong to another posting than at first
        self.email = f"chaos{seed}@example.com"

    def execute(self) -> ChaosResult:
        self._connect_banks()
        self._start_faults()
        started = time.monotonic()
        while (elapsed := time.monotonic() - started) < self.seconds:
            is_due = elapsed > self.seconds / 2 and len(self.connections) == len(CONNECTOR_IDS)
            self._act(self._connect_again if is_due else self._choose_action())
            time.sleep(self.random.uniform(0.05, 0.6))
        self.result.connected_again = len(CONNECTOR_IDS) - len(self.connections)
        self.result.reused_ids = len(self.reused_ids)
        self._recover()
        count_errors(self.stack, self.result, item_ids=self.item_ids, notes=self.notes)
        return self.result

    # --- Before the faults -----------------------------------------------------------------------------
    def _connect_banks(self) -> None:
        created = self.stack.manage("create_user", self.email, "--password", PASSWORD)
        self.reference = re.search(r'"reference": "([^"]+)"', created.stdout)[1]  # type: ignore[index]
        for connector_id in CONNECTOR_IDS:
            body = {
                "connectorId": connector_id,
                "parameters": CREDENTIALS,
                "clientUserId": self.reference,
            }
            self.connections[connector_id] = str(self._call_pluggy("POST", "/items", json=body)["id"])
            self.item_ids.append(self.connections[connector_id])

    def _start_faults(self) -> None:
        deliveries = {"rate": 0.15, "kinds": DELIVERY_FAULTS}
        self.stack.control("POST", "/chaos", seed=self.seed, rate=0.1, kinds=API_FAULTS, events=deliveries)

    # --- During the faults -----------------------------------------------------------------------------
    def _choose_action(self) -> Callable[[], None]:
        """Choose at random; half a run later a bank is connected again, if none was by then."""
        action: Callable[[], None] = self.random.choices(
            (
                self._add_transaction,
                self._change_transaction,
                self._delete_transaction,
                self._reuse_id,
                self._connect_again,
                self._refresh_item,
                self._write_note,
                self._break_something,
            ),
            weights=(8, 4, 3, 2, 1, 2, 4, 3),
        )[0]
        return action

    def _act(self, action: Callable[[], None]) -> None:
        """Do one action, then restart the servers and processes that are down."""
        try:
            action()
        except (requests.RequestException, redis.RedisError, OSError, DevToolError) as error:
            # Expected: the process that the action needs may be down.
            self.result.details.append(f"{action.__name__}: {type(error).__name__}")
        self.stack.services.start()
        self.stack.restart_dead_processes()

    def _add_transaction(self) -> None:
        body = {
            "amount": -self.random.randrange(100, 20000) / 100,
            "description": f"COMPRA {self.random.randrange(9)}",
            "accountType": self.random.choice(("CHECKING_ACCOUNT", "CREDIT_CARD")),
        }
        self.stack.control("POST", f"/items/{self.random.choice(self.item_ids)}/transactions", **body)

    def _change_transaction(self) -> None:
        if transaction := self._recent_transaction(without=self.reused_ids):
            self.changed_ids.add(transaction["id"])
            amount = -self.random.randrange(100, 9999) / 100
            self.stack.control("PATCH", f"/transactions/{transaction['id']}", amount=amount)

    def _delete_transaction(self) -> None:
        if transaction := self._recent_transaction(without=set()):
            self.stack.control("DELETE", f"/transactions/{transaction['id']}")

    def _reuse_id(self) -> None:
        """Give an id to another posting. With a change before it, a late sync may take it for a correction."""
        if transaction := self._recent_transaction(without=self.changed_ids | self.reused_ids):
            self.reused_ids.add(transaction["id"])
            self.stack.control("POST", f"/transactions/{transaction['id']}/reuse")

    def _connect_again(self) -> None:
        """Connect a bank by Open Finance, then end its direct connector: its accounts have two connections."""
        if self.connections:
            connector_id = self.random.choice(sorted(self.connections))
            item = self.stack.control("POST", f"/items/{self.connections[connector_id]}/reconnect", months=1)
            del self.connections[connector_id]
            self.item_ids.append(item["id"])
            self.stack.control("POST", f"/connectors/{connector_id}/end")
            self.ended_connectors.append(connector_id)

    def _refresh_item(self) -> None:
        self.stack.control("POST", f"/items/{self.random.choice(self.item_ids)}/refresh")

    def _recent_transaction(self, *, without: set[str]) -> dict[str, Any] | None:
        """Return a random transaction of the last days, so that a sync finds its change without an event."""
        item_id = self.random.choice(self.item_ids)
        by_account = self.stack.control("GET", f"/truth/items/{item_id}")["transactions"]
        oldest = time.strftime("%Y-%m-%d", time.gmtime(time.time() - LOOK_BACK_SECONDS))
        recent = [
            transaction
            for transactions in by_account.values()
            for transaction in transactions[:12]
            if transaction["date"] > oldest and transaction["id"] not in without
        ]
        return self.random.choice(recent) if recent else None

    def _write_note(self) -> None:
        """Save a note through the transaction's page, as a browser does."""
        transactions = self.stack.query(
            "SELECT id FROM ledger_transaction WHERE deleted_at IS NULL ORDER BY id"
        )
        if not transactions:
            return
        transaction_id = str(self.random.choice(transactions)[0])
        note = f"note {len(self.notes)} of {self.seed}"
        old_note, words = self._note_and_description(transaction_id)
        self.notes.pop(old_note, None)  # it is replaced, or was not if the request fails
        page = self._signed_in_session().get(f"{self.stack.url}/transactions/{transaction_id}/", timeout=15)
        form = {"csrfmiddlewaretoken": csrf_token(page.text), "note": note, "category": ""}
        response = self._session.post(
            page.url, data=form, headers={"Referer": page.url}, timeout=15, allow_redirects=False
        )
        if response.status_code == 302:
            is_same_posting = self._note_and_description(transaction_id)[1] == words
            self.notes[note] = words if is_same_posting else ""

    def _note_and_description(self, transaction_id: str) -> tuple[str, str]:
        sql = "SELECT note, description FROM ledger_transaction WHERE id = %s"
        note, description = self.stack.query(sql, transaction_id)[0]
        return note, description

    def _signed_in_session(self) -> requests.Session:
        if not hasattr(self, "_session"):
            self._session = self.stack.sign_in(self.email, PASSWORD)
        return self._session

    def _break_something(self) -> None:
        fault: Callable[[], None] = self.random.choices(
            (
                self._kill_process,
                self._freeze_process,
                self._crash_postgres,
                self._stop_postgres,
                self._disturb_redis,
            ),
            weights=(6, 3, 1, 1, 3),
        )[0]
        fault()
        self.result.kills += 1

    def _kill_process(self) -> None:
        self.stack.kill(self.random.choice(PROCESS_NAMES))

    def _freeze_process(self) -> None:
        name = self.random.choice(PROCESS_NAMES)
        self.stack.send_signal(name, signal.SIGSTOP)
        time.sleep(self.random.uniform(0.5, 4.0))
        self.stack.send_signal(name, signal.SIGCONT)

    def _crash_postgres(self) -> None:
        process = self.stack.services.postgres.process()
        if process:
            process.kill()
            process.wait(10)

    def _stop_postgres(self) -> None:
        self.stack.services.postgres.stop()

    def _disturb_redis(self) -> None:
        fault = self.random.choice(("flush", "pause", "stop"))
        if fault == "stop":
            self.stack.services.redis.stop()
            return
        with redis.Redis(unix_socket_path=str(self.stack.services.redis.socket), socket_timeout=3) as client:
            if fault == "flush":
                client.flushall()
            else:
                client.execute_command("CLIENT", "PAUSE", "3000")

    # --- After the faults ------------------------------------------------------------------------------
    def _recover(self) -> None:
        """End all faults, start everything, refresh each item once and wait until all is synced."""
        self.stack.control("POST", "/chaos", rate=0, events={"rate": 0})
        self.stack.services.start()
        self.stack.restart_dead_processes()
        self._wait(self.stack.is_up, 60, "the product answers")
        self.stack.manage("register_webhook", "-v0")
        # Only now, when no event gets lost any more: it reports what was sent with odd fields as corrected.
        self.stack.control("DELETE", "/chaos")
        for connector_id in self.ended_connectors:
            self.stack.control("DELETE", f"/connectors/{connector_id}/end")
        for item_id in self.item_ids:
            self._wait(partial(self._is_collected, item_id), 60, "Pluggy has collected the item")
            self.stack.control("POST", f"/items/{item_id}/refresh")
            self._wait(partial(self._is_collected, item_id), 60, "Pluggy has collected the item")
        self._wait(self._is_synced, RECOVERY_SECONDS, "all events are delivered and synced")
        self.result.events = self.stack.query("SELECT count(*) FROM webhooks_event")[0][0]

    def _is_collected(self, item_id: str) -> bool:
        return bool(self._call_pluggy("GET", f"/items/{item_id}")["status"] in ("UPDATED", "OUTDATED"))

    def _is_synced(self) -> bool:
        waiting_deliveries = self.stack.control("GET", "/state")["waitingDeliveries"]
        synced = "dirty_seq = synced_seq AND lease_until IS NULL"
        (synced_count,) = self.stack.query(f"SELECT count(*) FROM connections_syncstate WHERE {synced}")[0]
        return not waiting_deliveries and bool(synced_count == len(self.item_ids))

    def _call_pluggy(self, method: str, path: str, **options: Any) -> Any:
        """Call Pluggy's API with the product's key. Retry up to 20 times, because faults are expected."""
        credentials = {"clientId": self.stack.environment["PLUGGY_CLIENT_ID"]}
        credentials["clientSecret"] = self.stack.environment["PLUGGY_CLIENT_SECRET"]
        url = self.stack.pluggy_url
        for _ in range(20):
            try:
                key = requests.post(f"{url}/auth", json=credentials, timeout=10).json()["apiKey"]
                options["headers"] = {"X-API-KEY": key}
                response = requests.request(method, url + path, timeout=10, **options)
                response.raise_for_status()
                return response.json()
            except (requests.RequestException, ValueError, KeyError):
                time.sleep(0.1)
        raise DevToolError(f"{method} {path} failed 20 times in a row")

    @staticmethod
    def _wait(condition: Callable[[], bool], seconds: float, description: str) -> None:
        if not processes.wait_until(condition, seconds=seconds, every=0.2):
            raise DevToolError(f"not within {seconds:.0f} s: {description}")


def run_seed(seed: int, seconds: float) -> ChaosResult:
    """Start an empty product stack and run one seed on it."""
    folder = PROJECT / "var" / "chaos"
    flags = ("--pace", "0.2", "--history-months", "2")
    with ProductStack(folder, pluggy_flags=flags) as stack:
        return ChaosRun(stack, seed, seconds).execute()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000, help="of the first run")
    parser.add_argument("--seconds", type=float, default=25.0, help="how long the faults last in each run")
    options = parser.parse_args(arguments)
    kills = events = 0
    all_errors: Counter[str] = Counter()
    for seed in range(options.seed, options.seed + options.runs):
        started = time.monotonic()
        result = run_seed(seed, options.seconds)
        kills, events, all_errors = (
            kills + result.kills,
            events + result.events,
            all_errors + result.errors,
        )
        errors = {name: count for name, count in result.errors.items() if count}
        print(
            f"seed {seed}: {result.kills} kills, {result.events} events, {result.connected_again} banks"
            f" connected again, {result.reused_ids} ids reused,"
            f" {time.monotonic() - started:.0f} s, {errors or 'no errors'}",
            flush=True,
        )
        if errors:
            print("\n".join(result.details[-5:]), flush=True)
    counts = " ".join(f"{name}={all_errors[name]}" for name in ERROR_KINDS)
    print(f"runs={options.runs} kills={kills} events={events} {counts}")
    return 1 if sum(all_errors.values()) else 0


if __name__ == "__main__":
    use_utf8_output()
    try:
        sys.exit(main(sys.argv[1:]))
    except (DevToolError, OSError) as error:
        sys.exit(print_error(error))
    except KeyboardInterrupt:
        sys.exit(print_error("interrupted"))
