"""The limits: never more than Pluggy allows, whatever happens to Redis, and a person is not kept waiting."""

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

from banking.pluggy import Client, Limited, LocalLimits, SharedLimits, Unavailable, limits
from tests.servers import http, serving

ACCOUNTS = "GET /accounts"


@pytest.fixture
def scope() -> str:
    return uuid.uuid4().hex


def shared(scope: str, **options: Any) -> SharedLimits:
    return SharedLimits(settings.REDIS_URL, scope=scope, **options)


def grants(one: limits.Limits, seconds: float, *, endpoint: str = ACCOUNTS, urgent: bool = False) -> int:
    """How many requests it lets through in so long a time, when always one more is wanted."""
    until, count = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        turn = one.take(endpoint, urgent=urgent)
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
def test_an_endpoint_is_a_path_without_its_ids(method: str, path: str, name: str) -> None:
    assert limits.endpoint(method, path) == name


@pytest.mark.parametrize("name", ["USUAL", "PATCH /items/{id}"])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_no_minute_holds_more_than_is_allowed(name: str, share: float) -> None:
    """F-28, A-63: a full burst, and then a minute at the steady pace."""
    quota = limits.QUOTAS.get(name, limits.USUAL).scaled(share)
    in_a_minute = quota.tolerance(urgent=True) / quota.interval + 60 / quota.interval
    assert in_a_minute <= max(quota.per_minute, 1 + quota.per_minute) + 1e-6
    if share == 1.0:
        assert in_a_minute <= (330 if name == "USUAL" else 15) + 1e-6


def test_processes_share_one_bucket(scope: str) -> None:
    """F-28: three processes get what one would get; each made its own connection after the fork."""
    one = shared(scope)
    assert one.take("GET /loans").is_granted  # a connection that no child may use
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    children = [context.Process(target=lambda: results.put(grants(one, 1.5))) for _ in range(3)]
    for child in children:
        child.start()
    counts = [results.get(timeout=10) for _ in children]
    for child in children:
        child.join(10)
    quota = limits.USUAL
    most = quota.burst - quota.reserve + 3.0 / quota.interval
    assert most / 2 < sum(counts) <= most


def test_what_can_be_had_soon_is_booked_and_what_cannot_is_refused(scope: str) -> None:
    """F-27: nobody sleeps for longer than PATIENCE with a lease in hand."""
    one = shared(scope)
    turns = [one.take(ACCOUNTS) for _ in range(60)]
    waits = [turn.wait for turn in turns if turn.is_granted]
    refused = [turn for turn in turns if not turn.is_granted]
    assert 0 < max(waits) <= limits.PATIENCE
    assert waits == sorted(waits)  # first come, first served
    assert refused and all(turn.wait > limits.PATIENCE for turn in refused)


def test_a_person_is_not_behind_the_workers(scope: str) -> None:
    one = shared(scope)
    while one.take(ACCOUNTS).is_granted:
        pass
    assert one.take(ACCOUNTS, urgent=True) == (True, pytest.approx(0, abs=0.25))


def test_updates_of_items_have_their_own_small_limit(scope: str) -> None:
    """A-63: PATCH at most 15 in a minute, for the whole product."""
    one = shared(scope)
    granted = [one.take("PATCH /items/{id}", urgent=True).is_granted for _ in range(30)]
    assert sum(granted) == 5
    assert one.take("GET /items/{id}").is_granted


def test_a_pause_is_everybodys_and_only_of_its_endpoint(scope: str) -> None:
    """F-27: other endpoints go on."""
    first, second = shared(scope), shared(scope)
    first.pause(ACCOUNTS, 7)
    turn = second.take(ACCOUNTS, urgent=True)
    assert not turn.is_granted
    assert 6.5 < turn.wait <= 7 + limits.JITTER
    assert second.take("GET /loans").is_granted


def test_keys_expire(scope: str) -> None:
    one = shared(scope)
    one.take(ACCOUNTS)
    one.pause(ACCOUNTS, 5)
    lives = [one._redis.pttl(key) for key in one._keys(ACCOUNTS)]
    assert all(0 < life <= 7000 for life in lives)


@pytest.mark.parametrize("mute", [False, True], ids=["refuses", "never answers"])
def test_without_redis_each_process_keeps_to_its_share(mute: bool) -> None:
    """F-17, F-18, F-28: a moment once, then a local share; and after a while Redis is asked again."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        if not mute:
            listener.close()
        one = SharedLimits(f"redis://127.0.0.1:{port}/0", scope="x", processes=8)
        started = time.monotonic()
        assert one.take(ACCOUNTS).is_granted
        assert time.monotonic() - started < 1.5
        started = time.monotonic()
        turns = [one.take(ACCOUNTS) for _ in range(20)]
        assert time.monotonic() - started < 0.2  # Redis is not asked for a while
        assert sum(turn.is_granted for turn in turns) <= 2
        one.pause(ACCOUNTS, 60)
        assert not one.take(ACCOUNTS).is_granted


def test_a_redis_that_is_full_is_as_good_as_silent(scope: str) -> None:
    """F-20: out of memory is an answer, but no bucket."""
    one = shared(scope)
    one._script = one._redis.register_script("return redis.error_reply('OOM command not allowed')")
    assert one.take(ACCOUNTS).is_granted
    assert one._silent_until > time.monotonic()


def test_local_limits_hold_among_threads() -> None:
    one = LocalLimits(processes=1)
    with ThreadPoolExecutor(8) as pool:
        count = sum(pool.map(lambda _: grants(one, 1.0), range(8)))
    assert count <= limits.USUAL.burst - limits.USUAL.reserve + 2.0 / limits.USUAL.interval


def test_a_child_process_has_its_own_local_lock() -> None:
    one = LocalLimits()
    with one._lock:
        child = os.fork()
        if child == 0:
            os._exit(0 if one.take(ACCOUNTS).is_granted else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_429_pauses_its_endpoint_by_the_windows_end(scope: str) -> None:
    """F-27: RateLimit-Reset 7, not Retry-After 60; the next call is not even sent, other endpoints are."""
    too_many = http(b'{"code":429}', "429 Slow", RateLimit_Reset="7", Retry_After="60")

    def answer(peer: socket.socket, request: bytes) -> None:
        peer.sendall(too_many if b"/accounts" in request else http(b'{"results":[]}'))

    with serving(answer) as (url, seen):
        first, second = (
            Client(base_url=url, client_id="c", client_secret="s", limits=shared(scope)) for _ in range(2)
        )
        with pytest.raises(Limited) as caught:
            first.accounts(uuid.uuid4())
        assert caught.value.wait == 7
        asked = len(seen)
        started = time.monotonic()
        with pytest.raises(Limited) as caught:
            second.accounts(uuid.uuid4())
        assert time.monotonic() - started < 1.0  # nobody sleeps it out
        assert 6 < caught.value.wait <= 8
        assert not any(b"/accounts" in request for request in seen[asked:])
        assert second.categories() == []


def test_a_429_for_the_key_is_a_limit_too(scope: str) -> None:
    """F-27, F-32."""
    with serving(lambda peer, _: peer.sendall(http(b"{}", "500 Oh"))) as (url, _):
        one = Client(base_url=url, client_id="c", client_secret="s", limits=shared(scope))
        one._limits.pause("POST /auth", 9)
        with pytest.raises(Limited):
            one.categories()
        with pytest.raises(Unavailable):
            Client(base_url=url, client_id="c", client_secret="s").categories()


def test_a_storm_of_readers_stays_below_the_limit(scope: str) -> None:
    """F-28: fifty items at once, ten workers; what cannot be sent now is refused, not slept out."""
    arrived: list[float] = []

    def answer(peer: socket.socket, _: bytes) -> None:
        arrived.append(time.monotonic())
        peer.sendall(http(b'{"results":[]}'))

    refused = threading.Semaphore(0)
    with serving(answer) as (url, _):
        workers = [
            Client(base_url=url, client_id="c", client_secret="s", limits=shared(scope)) for _ in range(10)
        ]

        def read(place: int) -> None:
            try:
                workers[place % 10].accounts(uuid.uuid4())
            except Limited:
                refused.release()

        started = time.monotonic()
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(read, range(50)))
        took = time.monotonic() - started
    quota = limits.USUAL
    assert len(arrived) <= quota.burst + took / quota.interval + 1
    assert len(arrived) >= quota.burst - quota.reserve
