"""From a bank's movement to the figure in a person's report, with the real processes on this machine.

    make bench-latency                    python -m dev.bench latency --times 50 --pause 5

Each time the bank reports a purchase; the clock runs until the month's spending in /report.json has grown by
it. That is the webhook's way through inbox, queue, run and sums, and Pluggy's part before it. Without a pause
each purchase comes while the run for the one before is still on.
"""

import argparse
import re
import time
from decimal import Decimal
from pathlib import Path
from statistics import quantiles
from typing import Any

import requests

from dev.stage import Stage

ROOT = Path(__file__).resolve().parent.parent
EMAIL, PASSWORD = "latency@example.com", "a-long-pass-word"
LOGIN = {"user": "user-ok", "password": "password-ok"}
GIVE_UP = 30.0  # seconds


def measure(stage: Stage, times: int, pause: float) -> list[float]:
    made = stage.manage("create_person", EMAIL, "--password", PASSWORD).stdout
    found = re.search(r'"reference": "([^"]+)"', made)
    assert found, made
    item = _connect(stage, found[1])
    person = stage.signed_in(EMAIL, PASSWORD)
    _until(lambda: _is_quiet(stage), "the first reading")
    return [_one(stage, person, item, cents, pause) for cents in range(101, 101 + times)]


def _is_quiet(stage: Stage) -> bool:
    seen = "bool_and(dirty_seq = synced_seq AND synced_at IS NOT NULL)"
    return bool(
        stage.query(f"SELECT {seen} FROM banking_syncstate JOIN banking_account USING (item_id)")[0][0]
    )


def _one(stage: Stage, person: requests.Session, item: str, cents: int, pause: float) -> float:
    time.sleep(pause)
    before = _spending(stage, person)
    assert before is not None
    wanted = before + Decimal(cents) / 100
    stage.control("POST", f"/items/{item}/transactions", amount=-cents / 100, description="PADARIA",
                  categoryId="11010000")  # fmt: skip
    begun = time.perf_counter()
    _until(lambda: _spending(stage, person) == wanted, f"a spending of {wanted}")
    return time.perf_counter() - begun


def _spending(stage: Stage, person: requests.Session) -> Decimal | None:
    figures = person.get(f"{stage.url}/report.json", timeout=10).json()["figures"]
    return Decimal(figures[0]["spending"]) if figures else None


def _connect(stage: Stage, reference: str) -> str:
    keys = {"clientId": stage.environment["PLUGGY_CLIENT_ID"]}
    keys["clientSecret"] = stage.environment["PLUGGY_CLIENT_SECRET"]
    key = requests.post(f"{stage.pluggy_url}/auth", json=keys, timeout=10).json()["apiKey"]
    body = {"connectorId": 9001, "parameters": LOGIN, "clientUserId": reference}
    made = requests.post(f"{stage.pluggy_url}/items", json=body, headers={"X-API-KEY": key}, timeout=10)
    return str(made.json()["id"])


def _until(true: Any, what: str) -> None:
    deadline = time.monotonic() + GIVE_UP
    while not true():
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {GIVE_UP:.0f} s: {what}")
        time.sleep(0.01)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dev.bench latency", description=__doc__)
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds before each")
    chosen = parser.parse_args()
    with Stage(ROOT / "var" / "latency", pluggy_flags=("--pace", "0.2")) as stage:
        took = measure(stage, chosen.times, chosen.pause)
    cuts = quantiles(took, n=100)
    print(f"times={chosen.times} p50={cuts[49]:.2f}s p95={cuts[94]:.2f}s max={max(took):.2f}s")


if __name__ == "__main__":
    main()
