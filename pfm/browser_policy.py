"""Only https, and what browsers may do with our responses."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden

GetResponse = Callable[[HttpRequest], HttpResponse]

_OURS = ("fullscreen", "publickey-credentials-create", "publickey-credentials-get")
_UNUSED = (
    *("accelerometer", "autoplay", "browsing-topics", "camera", "display-capture"),
    *("encrypted-media", "geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection"),
    *(
        "local-fonts",
        "magnetometer",
        "microphone",
        "midi",
        "otp-credentials",
        "payment",
        "picture-in-picture",
    ),
    *("screen-wake-lock", "serial", "storage-access", "sync-xhr", "usb", "window-management"),
    "xr-spatial-tracking",
)
PERMISSIONS_POLICY = ", ".join([f"{name}=(self)" for name in _OURS] + [f"{name}=()" for name in _UNUSED])


class HttpsOnlyMiddleware:
    """Refuse to read what was sent without encryption; SecurityMiddleware redirects the rest to https.

    A redirect of a form or a delivery would hide that its content, or a secret, has already been sent in the clear.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_refused = settings.SECURE_SSL_REDIRECT and not request.is_secure()
        if is_refused and request.method not in ("GET", "HEAD"):
            return HttpResponseForbidden("Use https.\n", content_type="text/plain")
        return self.get_response(request)


class BrowserPolicyMiddleware:
    """Add headers to every response, static files included, that restrict what browsers do with it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if getattr(request, "has_signed_out", False):
            # Not "cookies": the chosen language is kept, and signing out deletes the session's cookie.
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


@receiver(user_logged_out)
def mark_signed_out(*, request: Any, **_: Any) -> None:
    """Tell BrowserPolicyMiddleware that this request ends a session."""
    if request is not None:
        request.has_signed_out = True
