"""Test the pages for errors in both languages: each says what has happened, and 500 needs no database."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, reverse

from accounts.models import User
from pfm.urls import urlpatterns as product_urlpatterns
from tests.signing_in import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.pfm.test_error_pages")]
TITLES = {
    "400": ("Invalid request", "Pedido inválido"),
    "403": ("Not allowed", "Acesso não permitido"),
    "403_csrf": ("This page was open for too long", "Esta página ficou aberta por muito tempo"),
    "404": ("Page not found", "Página não encontrada"),
    "429": ("Too many attempts", "Tentativas demais"),
    "500": ("Something went wrong", "Algo deu errado"),
}
LANGUAGES = {"en": 0, "pt-br": 1}


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("the name of a table")


handler429 = "accounts.limits.handler429"
urlpatterns = [*product_urlpatterns, path("test/403/", forbidden), path("test/500/", broken)]


def respond(page: str, client: Client, settings: Any) -> Any:
    """Provoke the error and return the response."""
    if page == "400":
        return client.post(reverse("account_login"), {"login": "\x00", "password": "x"})
    if page == "403_csrf":
        client.handler.enforce_csrf_checks = True
        return client.post(reverse("account_login"), {"login": "x", "password": "x"})
    if page == "429":
        settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login": "1/m/ip"}
        form = {"login": "nobody@example.com", "password": "a-guess"}
        return [client.post(reverse("account_login"), form) for _ in range(2)][-1]
    return client.get({"404": "/nowhere/"}.get(page, f"/test/{page}/"))


def check(response: Any, page: str, language: str) -> None:
    text = response.content.decode()
    assert response.status_code == int(page[:3])
    assert f'<html lang="{language}"' in text
    assert f"<h1>{TITLES[page][LANGUAGES[language]]}</h1>" in text
    assert f'href="{reverse("overview")}"' in text
    assert "the name of a table" not in text and "Traceback" not in text
    assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", TITLES)
def test_each_page_speaks_the_language_of_the_browser(page: str, language: str, settings: Any) -> None:
    client = Client(raise_request_exception=False, headers={"Accept-Language": language})
    check(respond(page, client, settings), page, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_chosen_language_comes_before_that_of_the_browser(language: str, settings: Any) -> None:
    client = Client(raise_request_exception=False, headers={"Accept-Language": "fr, en;q=0.1"})
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    for page in ("404", "500"):
        check(respond(page, client, settings), page, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_500_is_shown_without_a_database(alice: User, language: str, settings: Any) -> None:
    client = signed_in(alice)
    client.raise_request_exception = False
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    attempts = []

    def refuse(_execute: Any, sql: str, *_: Any) -> Any:
        attempts.append(sql)
        raise OperationalError("the name of a table")

    with connection.execute_wrapper(refuse):
        check(client.get(reverse("overview")), "500", language)
    assert len(attempts) == 1  # the session was looked for; the page itself asks for nothing
