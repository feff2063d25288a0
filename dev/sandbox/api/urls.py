"""Which URLs are accepted for webhooks and redirects: Pluggy's rules, and an exception for this machine."""

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from dev.sandbox.api.errors import ApiError
from dev.sandbox.pluggy import here
from dev.sandbox.settings import is_loopback

RESERVED = ("localhost", ".localhost", ".local", ".internal", ".test", ".invalid")


def check_webhook_url(url: object) -> None:
    """400 unless the URL may be called; loopback addresses are admitted unless --strict-webhook-urls."""
    parts = _split(url)
    host = parts.hostname or ""
    strict = here().settings.strict_webhook_urls
    if not strict and is_loopback(host):
        return
    if parts.scheme != "https":
        raise ApiError(400, "Webhook url must be a https secured url")
    if is_ip(host):
        raise ApiError(400, "Webhook url host can't be an IP address")
    if host.endswith(RESERVED) or "." not in host:
        raise ApiError(400, "Webhook url host can't be localhost or a reserved/internal name")
    if parts.port not in (None, 443) or parts.username is not None:
        raise ApiError(400, "Webhook url must be valid URL address and not localhost")
    if strict:
        _check_addresses(host)


def check_redirect(url: object) -> None:
    """400 unless people may be sent there: https or an app's own scheme; loopback like webhooks."""
    parts = urlsplit(str(url))
    host = parts.hostname or ""
    runs_code = parts.scheme in ("javascript", "data", "vbscript")
    if not isinstance(url, str) or not parts.scheme or runs_code or not (host or parts.path):
        raise ApiError(400, "oauthRedirectUri must be a valid URL")
    if is_loopback(host) and here().settings.strict_webhook_urls:
        raise ApiError(400, "oauthRedirectUri can't be localhost")
    if parts.scheme == "http" and not is_loopback(host):
        raise ApiError(400, "oauthRedirectUri must be https or an app's deep link")


def _split(url: object) -> SplitResult:
    invalid = ApiError(400, "Webhook url must be valid URL address and not localhost")
    try:
        parts = urlsplit(str(url))
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise invalid from None
    if not valid:
        raise invalid
    return parts


def is_ip(host: str) -> bool:
    """Whether the host is an address and not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _check_addresses(host: str) -> None:
    try:
        found = socket.getaddrinfo(host, 443)
    except OSError:
        raise ApiError(400, "Webhook url host could not be resolved") from None
    if not all(ipaddress.ip_address(entry[4][0]).is_global for entry in found):
        message = "Webhook url can't resolve to a private, loopback, link-local or reserved address"
        raise ApiError(400, message)
