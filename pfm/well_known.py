"""Addresses that programs expect under /.well-known/."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_safe


@require_safe
def security_txt(_request: HttpRequest) -> HttpResponse:
    """Say whom to tell about a weakness (RFC 9116); 404 without a contact, or when the contact has expired."""
    contacts, expires = settings.SECURITY_CONTACTS, settings.SECURITY_CONTACTS_UNTIL
    if not contacts or expires is None or expires <= timezone.now():
        raise Http404
    lines = [f"Contact: {contact}" for contact in contacts]
    lines += [f"Expires: {expires.isoformat(timespec='seconds')}", "Preferred-Languages: pt, en"]
    lines += [f"Canonical: {settings.PUBLIC_URL}/.well-known/security.txt"]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")


@require_safe
def change_password(_request: HttpRequest) -> HttpResponse:
    """Lead password managers to the page where the password is changed."""
    return redirect("account_change_password")


urlpatterns = [
    path("security.txt", security_txt, name="security_txt"),
    path("change-password", change_password, name="well_known_change_password"),
]
