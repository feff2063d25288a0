"""Rate limits: never more requests than Pluggy allows, with or without Redis, and users do not wait."""

import multiprocessing
import os
import socket
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings

from banking.pluggy import (
    Client,
    Limited,
    LocalLimits,
    SharedLimits,
    Unavailable,
    limits,
)
from tests.raw_servers import http_response, raw_server

ACCOUNTS = "GET /accounts"


@pytest.fixture
def scope() -> str:
    return uuid.uuid4().hex


def shared(scope: str, **options: Any) -> SharedLimits:
    return SharedLimits(settings.REDIS_URL, scope=scope, **options)


def count_granted(tested: limits.Limits, seconds: float) -> int:
    """Return how many requests are granted in this time to a caller that always wants another."""
    until, count = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        turn = tested.take(ACCOUNTS)
        if turn.is_granted and turn.wait == 0:
            count += 1
        else:
            time.sleep(0.02)
    return count


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", f"/items/{uuid.UUID(int=7)}", "GET /items/{id}"),
        ("GET", f"/investments/{uuid.UUID(int=7)}/transactions", "GET /investments/{id}/transactions"),
        ("GET", "/connectors/201", "GET /connectors/{id}"),
        ("GET", "/v2/transactions", "GET /v2/transactions"),
    ],
)
def test_the_endpoint_name_is_the_path_without_ids(method: str, path: str, name: str) -> None:
    assert limits.endpoint(method, path) == name


@pytest.mark.parametrize("name", ["default", "PATCH /items/{id}"])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_no_minute_has_more_requests_than_allowed(name: str, share: float) -> None:
    """F-28, A-63: even a full burst followed by a minute at the steady rate stays within the quota."""
    quota = limits.QUOTAS.get(name, limits.DEFAULT_QUOTA).scaled(share)
    in_a_minute = quota.tolerance(urgent=True) / quota.interval + 60 / quota.interval
    assert in_a_minute <= max(quota.per_minute, 1 + quota.per_minute) + 1e-6
    if share == 1.0:
        assert in_a_minute <= (330 if name == "default" else 15) + 1e-6


def test_processes_share_one_bucket(scope: str) -> None:
    """F-28: three processes together get what tested would get; each opens its own connection after the fork."""
    tested = shared(scope)
    assert tested.take("GET /loans").is_granted  # opens a connection that no child may use
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    children = [context.Process(target=lambda: results.put(count_granted(tested, 1.5))) for _ in range(3)]
    for child in children:
        child.start()
    counts = [results.get(timeout=10) for _ in children]
    for child in children:
        child.join(10)
    quota = limits.DEFAULT_QUOTA
    most = quota.burst - quota.reserve + 3.0 / quota.interval
    assert most / 2 < sum(counts) <= most


def test_a_turn_within_max_wait_is_granted_and_a_later_one_is_refused(scope: str) -> None:
    """F-27: no worker that holds a lease sleeps for longer than MAX_WAIT."""
    tested = shared(scope)
    turns = [tested.take(ACCOUNTS) for _ in range(60)]
    waits = [turn.wait for turn in turns if turn.is_granted]
    refused = [turn for turn in turns if not turn.is_granted]
    assert 0 < max(waits) <= limits.MAX_WAIT
    assert waits == sorted(waits)  # first come, first served
    assert refused and all(turn.wait > limits.MAX_WAIT for turn in refused)


def test_a_user_does_not_wait_behind_the_workers(scope: str) -> None:
    tested = shared(scope)
    while tested.take(ACCOUNTS).is_granted:
        pass
    turn = tested.take(ACCOUNTS, urgent=True)
    assert turn.is_granted and turn.wait == pytest.approx(0, abs=0.25)


def test_item_updates_have_their_own_smaller_quota(scope: str) -> None:
    """A-63: at most 15 PATCH requests per minute for all users together."""
    tested = shared(scope)
    granted = [tested.take("PATCH /items/{id}", urgent=True).is_granted for _ in range(30)]
    assert sum(granted) == 5
    assert tested.take("GET /items/{id}").is_granted


def test_a_pause_holds_for_all_processes_and_one_endpoint(scope: str) -> None:
    """F-27: other endpoints are not paused."""
    first, second = shared(scope), shared(scope)
    first.pause(ACCOUNTS, 7)
    turn = second.take(ACCOUNTS, urgent=True)
    assert not turn.is_granted
    assert 6.5 < turn.wait <= 7 + limits.JITTER
    assert second.take("GET /loans").is_granted


def test_redis_keys_expire(scope: str) -> None:
    tested = shared(scope)
    tested.take(ACCOUNTS)
    tested.pause(ACCOUNTS, 5)
    lifetimes: list[Any] = [tested._redis.pttl(key) for key in tested._keys(ACCOUNTS)]
    assert all(0 < lifetime <= 7000 for lifetime in lifetimes)


@pytest.mark.parametrize("accepts_connections", [False, True], ids=["refuses", "never answers"])
def test_without_redis_each_process_keeps_to_its_share(accepts_connections: bool) -> None:
    """F-17, F-18, F-28: the first request waits for the timeout, the next ones use the local share at once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        if not accepts_connections:
            listener.close()
        tested = SharedLimits(f"redis://127.0.0.1:{port}/0", scope="x", processes=8)
        started = time.monotonic()
        assert tested.take(ACCOUNTS).is_granted
        assert time.monotonic() - started < 1.5
        started = time.monotonic()
        turns = [tested.take(ACCOUNTS) for _ in range(20)]
        assert time.monotonic() - started < 0.2  # Redis is not tried again yet
        assert sum(turn.is_granted for turn in turns) <= 2
        tested.pause(ACCOUNTS, 60)
        assert not tested.take(ACCOUNTS).is_granted


def test_a_full_redis_is_treated_as_unreachable(scope: str) -> None:
    """F-20: Redis answers with an out-of-memory error."""
    tested = shared(scope)
    tested._script = tested._redis.register_script("return redis.error_reply('OOM command not allowed')")
    assert tested.take(ACCOUNTS).is_granted
    assert tested._redis_paused_until > time.monotonic()


def test_threads_share_the_local_limits() -> None:
    tested = LocalLimits(processes=1)
    with ThreadPoolExecutor(8) as pool:
        count = sum(pool.map(lambda _: count_granted(tested, 1.0), range(8)))
    assert (
        count
        <= limits.DEFAULT_QUOTA.burst - limits.DEFAULT_QUOTA.reserve + 2.0 / limits.DEFAULT_QUOTA.interval
    )


def test_a_child_process_has_its_own_local_lock() -> None:
    tested = LocalLimits()
    with tested._lock:
        child = os.fork()
        if child == 0:
            os._exit(0 if tested.take(ACCOUNTS).is_granted else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_429_pauses_its_endpoint_until_the_window_ends(scope: str) -> None:
    """F-27: RateLimit-Reset (7) counts, not Retry-After (60); the next request is not sent at all.

    Requests to other endpoints are sent.
    """
    too_many = http_response(b'{"code":429}', "429 Slow", RateLimit_Reset="7", Retry_After="60")

    def answer(peer: socket.socket, request: bytes) -> None:
        peer.sendall(too_many if b"/accounts" in request else http_response(b'{"results":[]}'))

    with raw_server(answer) as (url, seen):
        first, second = (
            Client(base_url=url, client_id="c", client_secret="s", limits=shared(scope)) for _ in range(2)
        )
        with pytest.raises(Limited) as caught:
            first.accounts(uuid.uuid4())
        assert caught.value.wait == 7
        sent_count = len(seen)
        started = time.monotonic()
        with pytest.raises(Limited) as caught:
            second.accounts(uuid.uuid4())
        assert time.monotonic() - started < 1.0  # it does not sleep until then
        assert 6 < caught.value.wait <= 8
        assert not any(b"/accounts" in request for request in seen[sent_count:])
        assert second.categories() == []


def test_a_paused_key_endpoint_raises_limited(scope: str) -> None:
    """F-27, F-32: asking for an API key has a limit like every other endpoint."""
    with raw_server(lambda peer, _: peer.sendall(http_response(b"{}", "500 Oh"))) as (url, _):
        client = Client(base_url=url, client_id="c", client_secret="s", limits=shared(scope))
        client._limits.pause("POST /auth", 9)
        with pytest.raises(Limited):
            client.categories()
        with pytest.raises(Unavailable):
            Client(base_url=url, client_id="c", client_secret="s").categories()


def test_many_concurrent_requests_stay_below_the_limit(scope: str) -> None:
    """F-28: fifty items and ten workers; a request that cannot be sent soon is refused."""
    arrived: list[float] = []

    def answer(peer: socket.socket, _: bytes) -> None:
        arrived.append(time.monotonic())
        peer.sendall(http_response(b'{"results":[]}'))

    refused = threading.Semaphore(0)
    with raw_server(answer) as (url, _):
        workers = [
            Client(base_url=url, client_id="c", client_secret="s", limits=shared(scope)) for _ in range(10)
        ]

        def read(number: int) -> None:
            try:
                workers[number % 10].accounts(uuid.uuid4())
            except Limited:
                refused.release()

        started = time.monotonic()
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(read, range(50)))
        duration = time.monotonic() - started
    quota = limits.DEFAULT_QUOTA
    assert len(arrived) <= quota.burst + duration / quota.interval + 1
    assert len(arrived) >= quota.burst - quota.reserve
