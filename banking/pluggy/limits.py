"""How often Pluggy may be asked: one token bucket per endpoint, shared by all processes through Redis."""

import logging
import random
import re
import threading
import time
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from banking.pluggy.errors import Limited
from banking.pluggy.forks import renew_after_fork

logger = logging.getLogger(__name__)

PATIENCE = 2.0  # seconds that a worker may wait in place, with a lease in its hand
REDIS_PATIENCE = 0.5  # seconds, to connect and to be answered
SILENCE = 5.0  # seconds in which a Redis that did not answer is not asked
JITTER = 1.0  # seconds at most, on top of a pause that Pluggy asked for
PARTS_OF_A_PATH = re.compile(r"/(?:[0-9a-f]{8}-[0-9a-f-]{27}|\d+)(?=/|$)")


@dataclass(frozen=True)
class Quota:
    """What an endpoint allows: never more than `per_minute` in any minute, `burst` of them at once.

    The last `reserve` of a burst are for people who wait before a page. Pluggy allows 360 and, for an item's
    update, 20 a minute and egress address; we stay below.
    """

    per_minute: float
    burst: float
    reserve: float = 0.0

    @property
    def interval(self) -> float:
        """Seconds between two requests once the burst is spent."""
        return 60 / max(self.per_minute - self.burst, self.per_minute / 3)

    def tolerance(self, *, urgent: bool) -> float:
        """Seconds by which a request may be ahead of the steady pace."""
        return self.interval * max(1.0, self.burst if urgent else self.burst - self.reserve)

    def scaled(self, share: float) -> "Quota":
        return Quota(self.per_minute * share, max(1.0, self.burst * share), self.reserve * share)

    def local(self, processes: int) -> "Quota":
        """One process's part of it, without bursts: they would add up."""
        return Quota(self.per_minute / processes, 1.0)


# The reserve is what others may have booked ahead (PATIENCE / interval): a person waits for none of them.
USUAL = Quota(per_minute=330, burst=30, reserve=10)
QUOTAS = {"PATCH /items/{id}": Quota(per_minute=15, burst=5)}  # only people ask for it


class Turn(NamedTuple):
    is_granted: bool
    wait: float  # seconds: until the request may be sent, or until it is worth asking again


class Limits(Protocol):
    """What the client asks before each request, and tells after a refusal."""

    def take(self, endpoint: str, *, urgent: bool = False) -> Turn: ...

    def pause(self, endpoint: str, seconds: float) -> None: ...


def endpoint(method: str, path: str) -> str:
    """The endpoint that a limit is about: `GET /items/{id}`."""
    return f"{method} {PARTS_OF_A_PATH.sub('/{id}', path)}"


def wait_for_turn(limits: Limits, name: str, *, urgent: bool) -> None:
    """Sleep until the request may be sent; Limited when that is longer than a lease should be held."""
    turn = limits.take(name, urgent=urgent)
    if not turn.is_granted:
        raise Limited(f"{name}: our own pace", turn.wait)
    if turn.wait:
        time.sleep(turn.wait)


class LocalLimits:
    """Buckets in the memory of one process, which is one of `processes`."""

    def __init__(self, *, share: float = 1.0, processes: int = 1) -> None:
        self._share, self._processes = share, processes
        self._renew()
        renew_after_fork(self._renew)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._booked: dict[str, float] = {}  # monotonic: until when the steady pace is spoken for
        self._paused: dict[str, float] = {}

    def take(self, endpoint: str, *, urgent: bool = False) -> Turn:
        quota = QUOTAS.get(endpoint, USUAL).scaled(self._share)
        if self._processes > 1:
            quota = quota.local(self._processes)
        with self._lock:
            now = time.monotonic()
            start = max(now, self._paused.get(endpoint, 0.0))
            booked = max(start, self._booked.get(endpoint, 0.0)) + quota.interval
            wait = max(start, booked - quota.tolerance(urgent=urgent)) - now
            if wait > PATIENCE:
                return Turn(False, wait)
            self._booked[endpoint] = booked
            return Turn(True, wait)

    def pause(self, endpoint: str, seconds: float) -> None:
        with self._lock:
            self._paused[endpoint] = time.monotonic() + seconds


# The same on the server, by its clock, in milliseconds. Keys expire when they say nothing any more.
_TAKE = """
local interval, tolerance, patience = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local start = now + math.max(redis.call('PTTL', KEYS[2]), 0)
local booked = math.max(start, tonumber(redis.call('GET', KEYS[1]) or '0')) + interval
local wait = math.max(start, booked - tolerance) - now
if wait > patience then
    return {0, math.ceil(wait)}
end
redis.call('SET', KEYS[1], string.format('%.3f', booked), 'PX', math.ceil(booked - now) + 1000)
return {1, math.ceil(wait)}
"""


class SharedLimits:
    """Buckets in Redis for all processes behind one egress address; a careful local share without it."""

    def __init__(self, redis_url: str, *, scope: str, share: float = 1.0, processes: int = 8) -> None:
        self._scope, self._share = scope, share
        self._redis = redis.Redis.from_url(
            redis_url,
            socket_timeout=REDIS_PATIENCE,
            socket_connect_timeout=REDIS_PATIENCE,
            retry=Retry(NoBackoff(), 0),
        )
        self._script = self._redis.register_script(_TAKE)
        self._alone = LocalLimits(share=share, processes=processes)
        self._silent_until = 0.0

    def take(self, endpoint: str, *, urgent: bool = False) -> Turn:
        if time.monotonic() < self._silent_until:
            return self._alone.take(endpoint, urgent=urgent)
        quota = QUOTAS.get(endpoint, USUAL).scaled(self._share)
        seconds = (quota.interval, quota.tolerance(urgent=urgent), PATIENCE)
        try:
            granted, wait = self._script(keys=self._keys(endpoint), args=[one * 1000 for one in seconds])
        except redis.RedisError as error:
            self._fell_silent(error)
            return self._alone.take(endpoint, urgent=urgent)
        return Turn(bool(granted), wait / 1000)

    def pause(self, endpoint: str, seconds: float) -> None:
        """Nobody asks this endpoint for so long; a moment more, so that not all come back at once."""
        seconds += random.uniform(0, JITTER)
        self._alone.pause(endpoint, seconds)
        if time.monotonic() < self._silent_until:
            return
        try:
            self._redis.set(self._keys(endpoint)[1], 1, px=max(1, round(seconds * 1000)))
        except redis.RedisError as error:
            self._fell_silent(error)

    def _fell_silent(self, error: redis.RedisError) -> None:
        logger.warning("Redis does not answer (%s): a local share of Pluggy's limits", type(error).__name__)
        self._silent_until = time.monotonic() + SILENCE

    def _keys(self, endpoint: str) -> list[str]:
        return [f"pluggy:{self._scope}:{endpoint}:{what}" for what in ("booked", "paused")]
