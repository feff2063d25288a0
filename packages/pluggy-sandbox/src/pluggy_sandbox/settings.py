"""Settings from the command line: port, keys, seed, pace and strictness."""

import argparse
import datetime as dt
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT_CLIENT_ID = "10ca1000-0000-4000-8000-000000000001"
DEFAULT_CLIENT_SECRET = "pluggy_sk_local_only_not_a_secret"
DESCRIPTION = "A local imitation of the Pluggy API with invented data. This is not Pluggy."
DEFAULT_STATE = "pluggy-sandbox-state"
BY_CLIENT = "by-client"
WEBHOOK_CREATED_STATUSES = (BY_CLIENT, "200", "201")
REAL_RUN_SECONDS = 180.0  # a real run takes 2 to 4 minutes; other waiting times are scaled alike


@dataclass(frozen=True)
class Settings:
    """The settings of one start of the program."""

    state: Path
    host: str = "127.0.0.1"
    port: int = 9000
    client_id: str = DEFAULT_CLIENT_ID
    client_secret: str = DEFAULT_CLIENT_SECRET
    seed: str = "aurora"
    history_months: int = 13
    pace: float = 2.0
    today: dt.date | None = None
    strict_webhook_urls: bool = False
    list_items: bool = False
    item_limit: int = 100
    update_floor_hours: float = 0.0
    rate_limits: bool = False
    signing_secret: str | None = None
    signature_header: str = "X-Webhook-Signature"
    unordered_deliveries: bool = False
    webhook_ca: Path | None = None
    webhook_created_status: str = BY_CLIENT
    world: Path | None = None
    auto_sync_hours: float = 24.0
    answer_seconds: float = 300.0

    @property
    def origin(self) -> str:
        """Return the address for people and webhooks; it names localhost rather than 127.0.0.1."""
        name = "localhost" if is_loopback(self.host) else self.host
        return f"http://{name}:{self.port}"

    def scaled(self, real_seconds: float) -> float:
        """Shorten a waiting time of the real service as much as a run is shortened."""
        return real_seconds * self.pace / REAL_RUN_SECONDS


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach the host."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line, with its defaults."""
    flags = argparse.ArgumentParser(prog="pluggy-sandbox", description=DESCRIPTION)
    flags.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    flags.add_argument("--allow-remote", action="store_true", help="allow a host that others can reach")
    flags.add_argument("--port", type=int, default=9000, help="port to listen on (default: 9000)")
    state_help = "folder of the stored state (default: ./%(default)s)"
    flags.add_argument("--state", type=Path, default=Path(DEFAULT_STATE), help=state_help)
    flags.add_argument("--client-id", default=os.environ.get("PLUGGY_CLIENT_ID") or DEFAULT_CLIENT_ID)
    flags.add_argument(
        "--client-secret", default=os.environ.get("PLUGGY_CLIENT_SECRET") or DEFAULT_CLIENT_SECRET
    )
    flags.add_argument("--seed", default="aurora", help="another seed generates other data")
    flags.add_argument(
        "--history-months", type=int, default=13, help="length of a new item's history (default: 13)"
    )
    flags.add_argument("--pace", type=float, default=2.0, help="duration of a run in seconds")
    flags.add_argument("--today", type=dt.date.fromisoformat, help="start the clock on this day")
    flags.add_argument(
        "--auto-sync-hours", type=float, default=24.0, help="hours between automatic syncs; 0: none"
    )
    flags.add_argument(
        "--answer-seconds", type=float, default=300.0, help="time to answer a code or an approval"
    )
    flags.add_argument(
        "--strict-webhook-urls", action="store_true", help="refuse loopback webhook URLs, as Pluggy does"
    )
    flags.add_argument("--list-items", action="store_true", help="open GET /v2/items")
    flags.add_argument("--item-limit", type=int, default=100, help="items that an application may have")
    flags.add_argument("--update-floor-hours", type=float, default=0.0, help="minimum hours between updates")
    flags.add_argument("--rate-limits", action="store_true", help="answer 429 (360 or 20 a minute)")
    flags.add_argument("--signing-secret", help="sign each webhook: hex HMAC-SHA256 of its body")
    flags.add_argument("--signature-header", default="X-Webhook-Signature", help="default: %(default)s")
    flags.add_argument(
        "--unordered-deliveries", action="store_true", help="several deliveries to one address at once"
    )
    flags.add_argument(
        "--webhook-ca",
        type=Path,
        help="also trust the certificates of this PEM file when delivering webhooks",
    )
    flags.add_argument(
        "--webhook-created-status", choices=WEBHOOK_CREATED_STATUSES, default=BY_CLIENT,
        help="status of POST /webhooks (default: 200 for Pluggy's Node client, else 201)",
    )  # fmt: skip
    flags.add_argument("--world", type=Path, help="load items from this JSON file")
    return flags


def from_command_line(arguments: list[str] | None = None) -> Settings:
    """Return the settings of the flags. A host that others can reach needs --allow-remote."""
    flags = parser()
    given = vars(flags.parse_args(arguments))
    if not given.pop("allow_remote") and not is_loopback(given["host"]):
        flags.error(f"other machines can reach --host {given['host']}: add --allow-remote to allow that")
    return Settings(**given)
