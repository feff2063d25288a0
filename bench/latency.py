"""Measure the time from a bank's transaction to the changed figure in the user's report.

    make bench-latency                    python -m dev.bench latency --times 50 --pause 5

All processes are real and run on this machine. Each time, the bank reports a purchase, and the time is taken
until /report.json shows the higher spending of the month. This includes Pluggy's part, the webhook, the
inbox, the queue, the sync run and the monthly totals. Without --pause, a purchase may arrive while the sync
run of the one before is still going on.
"""

import argparse
import re
import time
from decimal import Decimal
from pathlib import Path
from statistics import quantiles
from typing import Any

import requests

from dev.product_stack import ProductStack

ROOT = Path(__file__).resolve().parent.parent
EMAIL, PASSWORD = "latency@example.com", "a-long-pass-word"
CREDENTIALS = {"user": "user-ok", "password": "password-ok"}
TIMEOUT = 30.0  # seconds


def measure(stack: ProductStack, times: int, pause: float) -> list[float]:
    created = stack.manage("create_user", EMAIL, "--password", PASSWORD).stdout
    match = re.search(r'"reference": "([^"]+)"', created)
    assert match, created
    item = _connect(stack, match[1])
    session = stack.sign_in(EMAIL, PASSWORD)
    _wait_until(lambda: _is_synced(stack), "the first sync has ended")
    return [_measure_one(stack, session, item, cents, pause) for cents in range(101, 101 + times)]


def _is_synced(stack: ProductStack) -> bool:
    synced = "bool_and(dirty_seq = synced_seq AND synced_at IS NOT NULL)"
    return bool(
        stack.query(f"SELECT {synced} FROM connections_syncstate JOIN ledger_account USING (item_id)")[0][0]
    )


def _measure_one(
    stack: ProductStack, session: requests.Session, item: str, cents: int, pause: float
) -> float:
    time.sleep(pause)
    before = _spending(stack, session)
    assert before is not None
    expected = before + Decimal(cents) / 100
    stack.control("POST", f"/items/{item}/transactions", amount=-cents / 100, description="PADARIA",
                  categoryId="11010000")  # fmt: skip
    started = time.perf_counter()
    _wait_until(lambda: _spending(stack, session) == expected, f"spending is {expected}")
    return time.perf_counter() - started


def _spending(stack: ProductStack, session: requests.Session) -> Decimal | None:
    figures = session.get(f"{stack.url}/report.json", timeout=10).json()["figures"]
    return Decimal(figures[0]["spending"]) if figures else None


def _connect(stack: ProductStack, reference: str) -> str:
    credentials = {"clientId": stack.environment["PLUGGY_CLIENT_ID"]}
    credentials["clientSecret"] = stack.environment["PLUGGY_CLIENT_SECRET"]
    key = requests.post(f"{stack.pluggy_url}/auth", json=credentials, timeout=10).json()["apiKey"]
    body = {"connectorId": 9001, "parameters": CREDENTIALS, "clientUserId": reference}
    response = requests.post(f"{stack.pluggy_url}/items", json=body, headers={"X-API-KEY": key}, timeout=10)
    return str(response.json()["id"])


def _wait_until(condition: Any, description: str) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {TIMEOUT:.0f} s: {description}")
        time.sleep(0.01)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dev.bench latency", description=__doc__)
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds before each purchase")
    options = parser.parse_args()
    with ProductStack(ROOT / "var" / "latency", pluggy_flags=("--pace", "0.2")) as stack:
        durations = measure(stack, options.times, options.pause)
    cuts = quantiles(durations, n=100)
    print(f"times={options.times} p50={cuts[49]:.2f}s p95={cuts[94]:.2f}s max={max(durations):.2f}s")


if __name__ == "__main__":
    main()
