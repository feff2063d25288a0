"""Keep Pluggy's rate limits: one token bucket per endpoint, shared by all processes through Redis."""

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

MAX_WAIT = 2.0  # seconds that a request waits for its turn; a worker holds a lease meanwhile
REDIS_TIMEOUT = 0.5  # seconds, to connect and to be answered
REDIS_PAUSE = 5.0  # seconds without Redis after it did not answer
JITTER = 1.0  # seconds at most, on top of a pause that Pluggy asked for
IDS_IN_PATH = re.compile(r"/(?:[0-9a-f]{8}-[0-9a-f-]{27}|\d+)(?=/|$)")


@dataclass(frozen=True)
class Quota:
    """The quota of an endpoint: at most `per_minute` requests in any minute, `burst` of them at once.

    The last `reserve` requests of a burst are for users who wait for a page. Pluggy allows 360 per minute and
    egress address, and 20 for the update of an item; we stay below.
    """

    per_minute: float
    burst: float
    reserve: float = 0.0

    @property
    def interval(self) -> float:
        """Return the seconds between two requests after the burst."""
        return 60 / max(self.per_minute - self.burst, self.per_minute / 3)

    def tolerance(self, *, urgent: bool) -> float:
        """Return by how many seconds a request may be ahead of the steady rate."""
        return self.interval * max(1.0, self.burst if urgent else self.burst - self.reserve)

    def scaled(self, share: float) -> "Quota":
        return Quota(self.per_minute * share, max(1.0, self.burst * share), self.reserve * share)

    def local(self, processes: int) -> "Quota":
        """Return the quota of one process, without bursts, which would add up."""
        return Quota(self.per_minute / processes, 1.0)


# Syncs may reserve turns up to MAX_WAIT ahead. The reserve is as many turns (MAX_WAIT / interval), so that a user's
# request does not wait for them.
DEFAULT_QUOTA = Quota(per_minute=330, burst=30, reserve=10)
QUOTAS = {"PATCH /items/{id}": Quota(per_minute=15, burst=5)}  # only users ask for it


class Turn(NamedTuple):
    is_granted: bool
    wait: float  # seconds until the request may be sent, or until it makes sense to ask again


class Limits(Protocol):
    """The limiter that the client calls before each request, and after a refusal."""

    def take(self, endpoint: str, *, urgent: bool = False) -> Turn: ...

    def pause(self, endpoint: str, seconds: float) -> None: ...


def endpoint(method: str, path: str) -> str:
    """Return the endpoint that a limit is for, such as `GET /items/{id}`."""
    return f"{method} {IDS_IN_PATH.sub('/{id}', path)}"


def wait_for_turn(limits: Limits, name: str, *, urgent: bool) -> None:
    """Sleep until the request may be sent. Raises Limited if that is longer than MAX_WAIT."""
    turn = limits.take(name, urgent=urgent)
    if not turn.is_granted:
        raise Limited(f"{name}: our own rate limit", turn.wait)
    if turn.wait:
        time.sleep(turn.wait)


class LocalLimits:
    """Token buckets in the memory of this process, which is one of `processes`."""

    def __init__(self, *, share: float = 1.0, processes: int = 1) -> None:
        self._share, self._processes = share, processes
        self._renew()
        renew_after_fork(self._renew)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._booked: dict[str, float] = {}  # monotonic time until which requests are booked
        self._paused: dict[str, float] = {}

    def take(self, endpoint: str, *, urgent: bool = False) -> Turn:
        quota = QUOTAS.get(endpoint, DEFAULT_QUOTA).scaled(self._share)
        if self._processes > 1:
            quota = quota.local(self._processes)
        with self._lock:
            now = time.monotonic()
            start = max(now, self._paused.get(endpoint, 0.0))
            booked = max(start, self._booked.get(endpoint, 0.0)) + quota.interval
            wait = max(start, booked - quota.tolerance(urgent=urgent)) - now
            if wait > MAX_WAIT:
                return Turn(False, wait)
            self._booked[endpoint] = booked
            return Turn(True, wait)

    def pause(self, endpoint: str, seconds: float) -> None:
        with self._lock:
            self._paused[endpoint] = time.monotonic() + seconds


# The same on the Redis server, by its clock, in milliseconds. Keys expire when they have no effect any more.
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
    """Token buckets in Redis for all processes behind one egress address; without Redis, a share per process."""

    def __init__(self, redis_url: str, *, scope: str, share: float = 1.0, processes: int = 8) -> None:
        self._scope, self._share = scope, share
        self._redis = redis.Redis.from_url(
            redis_url,
            socket_timeout=REDIS_TIMEOUT,
            socket_connect_timeout=REDIS_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
        )
        self._script = self._redis.register_script(_TAKE)
        self._local = LocalLimits(share=share, processes=processes)
        self._redis_paused_until = 0.0

    def take(self, endpoint: str, *, urgent: bool = False) -> Turn:
        if time.monotonic() < self._redis_paused_until:
            return self._local.take(endpoint, urgent=urgent)
        quota = QUOTAS.get(endpoint, DEFAULT_QUOTA).scaled(self._share)
        seconds = (quota.interval, quota.tolerance(urgent=urgent), MAX_WAIT)
        try:
            granted, wait = self._script(keys=self._keys(endpoint), args=[value * 1000 for value in seconds])
        except redis.RedisError as error:
            self._pause_redis(error)
            return self._local.take(endpoint, urgent=urgent)
        return Turn(bool(granted), wait / 1000)

    def pause(self, endpoint: str, seconds: float) -> None:
        """Pause the endpoint for all processes, with a random addition so that they do not return at once."""
        seconds += random.uniform(0, JITTER)
        self._local.pause(endpoint, seconds)
        if time.monotonic() < self._redis_paused_until:
            return
        try:
            self._redis.set(self._keys(endpoint)[1], 1, px=max(1, round(seconds * 1000)))
        except redis.RedisError as error:
            self._pause_redis(error)

    def _pause_redis(self, error: redis.RedisError) -> None:
        logger.warning(
            "Redis does not answer (%s): using a local share of Pluggy's rate limits", type(error).__name__
        )
        self._redis_paused_until = time.monotonic() + REDIS_PAUSE

    def _keys(self, endpoint: str) -> list[str]:
        return [f"pluggy:{self._scope}:{endpoint}:{what}" for what in ("booked", "paused")]
