"""Measure webhooks per second, against a view with one INSERT and an empty view on the same server.

    make bench-ingest                     python -m dev.bench ingest --requests 4000 --turns 1

Each server runs the product with four threads. The three views get bursts of events for five items over 16
connections, in turns; ratio_to_insert compares the medians. Then the webhook view gets half of its maximal
rate, first with Redis and then with a stopped Redis: every acknowledged event must be stored once and must
have increased its item's dirty_seq once. Meanwhile the items are marked as synced, as sync runs would do, so
that new events enqueue tasks.
"""

import argparse
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from statistics import median, quantiles
from threading import Event as Flag
from threading import Thread
from uuid import UUID, uuid4

import redis
from django.conf import settings
from django.db import connection
from django.db.models import F, Sum

from banking.connections.models import SyncHint, SyncState
from bench import _http_load
from bench._fixtures import create_account
from dev import demo_config
from webhooks.models import Event
from webhooks.secrets import SECRET_HEADER

ITEMS = 5
SYNCED_EVERY = 0.2  # seconds
STOPPED_SECONDS = 12  # longer than enqueueing pauses after it failed
VIEWS = {"webhook": "/webhooks/pluggy", "insert": "/insert", "empty": "/empty"}


def server_commands(port: int) -> dict[str, list[str]]:
    """Return the commands of two web servers, each with one process, four threads and an access log."""
    gunicorn = demo_config.process_commands(web_port=port, pluggy_port=0, folder="var")["web"][:-1]
    granian = f"granian --interface wsgi --port {port} --blocking-threads 4 --log-level warning --access-log"
    return {name: [*words, "bench._webhook_server:application"] for name, words in
            (("gunicorn", gunicorn), ("granian", granian.split()))}  # fmt: skip


@contextmanager
def running_server(name: str) -> Iterator[int]:
    """Run a web server during the block and yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-W", "ignore", "-m", *server_commands(port)[name]]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
    sys.exit("the server does not answer")


def make_requests(path: str, count: int, items: list[UUID]) -> list[tuple[UUID, bytes]]:
    """Return `count` different events of the items, as (event id, HTTP request)."""
    return [_make_request(path, uuid4(), items[number % len(items)]) for number in range(count)]


def _make_request(path: str, event_id: UUID, item_id: UUID) -> tuple[UUID, bytes]:
    body = {"event": "item/updated", "eventId": str(event_id), "itemId": str(item_id), "triggeredBy": "SYNC",
            "clientId": settings.PLUGGY_CLIENT_ID, "clientUserId": "bench"}  # fmt: skip
    text = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += f"{SECRET_HEADER}: {settings.PLUGGY_WEBHOOK_SECRET}\r\nContent-Length: {len(text)}\r\n\r\n"
    return event_id, head.encode() + text


class Burst:
    """Send bursts of events for five items from a process of its own."""

    def __init__(self, load: ProcessPoolExecutor) -> None:
        self.load = load
        self.items = [create_account().item_id for _ in range(ITEMS)]

    def send(self, port: int, view: str, count: int, per_second: float = 0) -> list[_http_load.Response]:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {Event._meta.db_table}, {SyncHint._meta.db_table}")
        SyncState.objects.update(dirty_seq=0, synced_seq=0)
        prepared = make_requests(VIEWS[view], count, self.items)
        with items_marked_synced():
            responses = self.load.submit(_http_load.send, port, prepared, per_second).result()
        other_statuses = [response.status for response in responses if response.status != 202]
        if len(responses) != count or other_statuses:
            print(
                f"  {len(responses)} responses, {len(other_statuses)} not 202: {sorted(set(other_statuses))}"
            )
        return responses


@contextmanager
def items_marked_synced() -> Iterator[None]:
    """Mark all items as synced every 0.2 s, so that the next event enqueues a task again."""
    stop = Flag()

    def mark_synced() -> None:
        while not stop.wait(SYNCED_EVERY):
            SyncState.objects.update(synced_seq=F("dirty_seq"))
        connection.close()

    thread = Thread(target=mark_synced)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def stopped_redis() -> Iterator[None]:
    """Freeze Redis during the block: it accepts connections but never answers."""
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        process = int(server.info("server")["process_id"])
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def per_second(responses: list[_http_load.Response]) -> float:
    return len(responses) / max(response.finished_at for response in responses)


def stored_counts(responses: list[_http_load.Response]) -> str:
    """Count the acknowledged events that are lost, or were stored or applied to their item more than once."""
    acknowledged = {response.event_id for response in responses if response.status == 202}
    stored = set(Event.objects.values_list("event_id", flat=True))
    repeated = Event.objects.aggregate(sum=Sum(F("deliveries") - 1))["sum"]
    applied = SyncState.objects.aggregate(sum=Sum("dirty_seq"))["sum"]
    return f"lost={len(acknowledged - stored)} doubled={repeated + applied - len(stored)}"


def summary(responses: list[_http_load.Response]) -> str:
    cuts = quantiles([response.duration * 1000 for response in responses], n=100)
    slowest = max(response.duration for response in responses) * 1000
    return f"p50={cuts[49]:.1f}ms p99={cuts[98]:.1f}ms max={slowest:.0f}ms {stored_counts(responses)}"


def measure(name: str, burst: Burst, *, count: int, turns: int) -> None:
    with running_server(name) as port:
        burst.send(port, "webhook", 200)  # opens a database connection in every thread
        measured: dict[str, list[float]] = {view: [] for view in VIEWS}
        for _ in range(turns):
            for view, rates in measured.items():
                rates.append(per_second(burst.send(port, view, count)))
        medians = {view: median(rates) for view, rates in measured.items()}
        print(name, *(f"{view}={rate:.0f}/s" for view, rate in medians.items()),
              f"ratio_to_insert={medians['webhook'] / medians['insert']:.2f}", flush=True)  # fmt: skip
        half = medians["webhook"] / 2
        print(f"  at {half:.0f}/s:", summary(burst.send(port, "webhook", count, half)), flush=True)
        with stopped_redis():
            responses = burst.send(port, "webhook", round(half * STOPPED_SECONDS), half)
            print(f"  at {half:.0f}/s, Redis stopped:", summary(responses), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dev.bench ingest", description=__doc__)
    parser.add_argument("--requests", type=int, default=4_000, help="number of requests in each burst")
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as load:
        burst = Burst(load)
        for name in server_commands(0):
            if importlib.util.find_spec(name) is None:
                print(f"{name} is skipped, because it is not installed")
                continue
            measure(name, burst, count=options.requests, turns=options.turns)


if __name__ == "__main__":
    main()
