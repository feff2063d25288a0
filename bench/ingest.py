"""Webhooks per second that the door acknowledges, beside the same server's one-INSERT view and its empty one.

    make bench-ingest                     python -m dev.bench ingest --requests 4000 --turns 1

Each server runs the product with four threads. Bursts to five items of one person come over 16
connections, in turns with the two other views; ratio_to_insert is of the medians. Then the door gets half of
what it can, at a pace, and again with a Redis that is stopped: every event that was acknowledged must be
stored once, and must have moved its item once. Meanwhile the items are seen to, as runs would, so that bells
are rung.
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

from banking.models import SyncHint, SyncState
from bench import _load
from bench._ground import an_account
from dev import plan
from webhooks.models import Event
from webhooks.secret import SECRET_HEADER

ITEMS = 5
SEEN_EVERY = 0.2  # seconds
LEAST_SECONDS = 12  # of a stopped Redis: longer than the bell is silent after a failure
VIEWS = {"webhook": "/webhooks/pluggy", "insert": "/insert", "empty": "/empty"}
WEB = plan.commands(web_port=0, pluggy_port=0, folder="var")["web"]


def servers(port: int) -> dict[str, list[str]]:
    """The product's own and another one, each with one process of four threads and a log of its requests."""
    ours = [str(port) if word == "0" else word for word in WEB[:-1]]
    other = f"gunicorn --bind 127.0.0.1:{port} -k gthread --threads 4 --log-level warning --access-logfile -"
    return {name: [*words, "bench._door:application"] for name, words in
            (("granian", ours), ("gunicorn", other.split()))}  # fmt: skip


@contextmanager
def serving(name: str) -> Iterator[int]:
    """The port of the server, which ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-W", "ignore", "-m", *servers(port)[name]]
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


def requests(path: str, count: int, items: list[UUID]) -> list[tuple[UUID, bytes]]:
    """Distinct events of these items, ready to be sent."""
    return [_request(path, uuid4(), items[number % len(items)]) for number in range(count)]


def _request(path: str, event_id: UUID, item_id: UUID) -> tuple[UUID, bytes]:
    body = {"event": "item/updated", "eventId": str(event_id), "itemId": str(item_id), "triggeredBy": "SYNC",
            "clientId": settings.PLUGGY_CLIENT_ID, "clientUserId": "bench"}  # fmt: skip
    text = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += f"{SECRET_HEADER}: {settings.PLUGGY_WEBHOOK_SECRET}\r\nContent-Length: {len(text)}\r\n\r\n"
    return event_id, head.encode() + text


class Ground:
    """The items of one person, the process that sends, and what is left of a burst."""

    def __init__(self, load: ProcessPoolExecutor) -> None:
        self.load = load
        self.items = [an_account().item_id for _ in range(ITEMS)]

    def send(self, port: int, view: str, count: int, per_second: float = 0) -> list[_load.Answer]:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {Event._meta.db_table}, {SyncHint._meta.db_table}")
        SyncState.objects.update(dirty_seq=0, synced_seq=0)
        ready = requests(VIEWS[view], count, self.items)
        with seen_to():
            answers = self.load.submit(_load.send, port, ready, per_second).result()
        refused = [answer.status for answer in answers if answer.status != 202]
        if len(answers) != count or refused:
            print(f"  {len(answers)} answers, {len(refused)} of them not 202: {sorted(set(refused))}")
        return answers


@contextmanager
def seen_to() -> Iterator[None]:
    """Now and then all that happened to the items is seen, so that the next event has to ring."""
    over = Flag()

    def see() -> None:
        while not over.wait(SEEN_EVERY):
            SyncState.objects.update(synced_seq=F("dirty_seq"))
        connection.close()

    thread = Thread(target=see)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def stopped_redis() -> Iterator[None]:
    """It accepts and never answers; who has a connection waits as well."""
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        process = int(server.info("server")["process_id"])
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def rate(answers: list[_load.Answer]) -> float:
    return len(answers) / max(answer.at for answer in answers)


def kept(answers: list[_load.Answer]) -> str:
    """Of what was acknowledged: what is not in the inbox, what is there twice or moved its item twice."""
    acknowledged = {answer.event_id for answer in answers if answer.status == 202}
    stored = set(Event.objects.values_list("event_id", flat=True))
    again = Event.objects.aggregate(sum=Sum(F("deliveries") - 1))["sum"]
    moved = SyncState.objects.aggregate(sum=Sum("dirty_seq"))["sum"]
    return f"lost={len(acknowledged - stored)} doubled={again + moved - len(stored)}"


def told(answers: list[_load.Answer]) -> str:
    cuts = quantiles([answer.took * 1000 for answer in answers], n=100)
    worst = max(answer.took for answer in answers) * 1000
    return f"p50={cuts[49]:.1f}ms p99={cuts[98]:.1f}ms max={worst:.0f}ms {kept(answers)}"


def measure(name: str, ground: Ground, *, count: int, turns: int) -> None:
    with serving(name) as port:
        ground.send(port, "webhook", 200)  # every thread has its connection
        measured: dict[str, list[float]] = {view: [] for view in VIEWS}
        for _ in range(turns):
            for view, rates in measured.items():
                rates.append(rate(ground.send(port, view, count)))
        rates = {view: median(found) for view, found in measured.items()}
        print(name, *(f"{view}={found:.0f}/s" for view, found in rates.items()),
              f"ratio_to_insert={rates['webhook'] / rates['insert']:.2f}", flush=True)  # fmt: skip
        half = rates["webhook"] / 2
        print(f"  at {half:.0f}/s:", told(ground.send(port, "webhook", count, half)), flush=True)
        with stopped_redis():
            answers = ground.send(port, "webhook", round(half * LEAST_SECONDS), half)
            print(f"  at {half:.0f}/s, Redis stopped:", told(answers), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dev.bench ingest", description=__doc__)
    parser.add_argument("--requests", type=int, default=4_000, help="of each burst")
    parser.add_argument("--turns", type=int, default=3)
    chosen = parser.parse_args()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as load:
        ground = Ground(load)
        for name in servers(0):
            if importlib.util.find_spec(name) is None:
                print(f"{name} is left out: it is not installed")
                continue
            measure(name, ground, count=chosen.requests, turns=chosen.turns)


if __name__ == "__main__":
    main()
