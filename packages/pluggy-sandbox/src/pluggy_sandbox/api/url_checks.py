"""Check the URLs of webhooks and redirects by Pluggy's rules; loopback addresses are allowed."""

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.sandbox import current_sandbox
from pluggy_sandbox.settings import is_loopback

RESERVED = ("localhost", ".localhost", ".local", ".internal", ".test", ".invalid")


def check_webhook_url(url: object) -> None:
    """Raise 400 unless webhooks may be sent to the URL.

    Loopback addresses are allowed unless --strict-webhook-urls is set.
    """
    parts = _parse(url)
    host = parts.hostname or ""
    strict = current_sandbox().settings.strict_webhook_urls
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
    """Raise 400 unless it is https or an app's own scheme. Loopback addresses are allowed as for webhooks."""
    parts = urlsplit(str(url))
    host = parts.hostname or ""
    runs_code = parts.scheme in ("javascript", "data", "vbscript")
    if not isinstance(url, str) or not parts.scheme or runs_code or not (host or parts.path):
        raise ApiError(400, "oauthRedirectUri must be a valid URL")
    if is_loopback(host) and current_sandbox().settings.strict_webhook_urls:
        raise ApiError(400, "oauthRedirectUri can't be localhost")
    if parts.scheme == "http" and not is_loopback(host):
        raise ApiError(400, "oauthRedirectUri must be https or an app's deep link")


def _parse(url: object) -> SplitResult:
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
    """Return whether the host is an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _check_addresses(host: str) -> None:
    try:
        addresses = socket.getaddrinfo(host, 443)
    except OSError:
        raise ApiError(400, "Webhook url host could not be resolved") from None
    if not all(ipaddress.ip_address(entry[4][0]).is_global for entry in addresses):
        message = "Webhook url can't resolve to a private, loopback, link-local or reserved address"
        raise ApiError(400, message)
