"""Keep each person's rows and pages their own: in the database, and out of shared caches."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

from accounts import rows

Respond = Callable[[HttpRequest], HttpResponse]


class OwnRowsMiddleware:
    """The database shows a request its person's rows alone, also to a view that forgets to filter."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with rows.of(request.user.pk):
            return self.get_response(request)


class PrivatePagesMiddleware:
    """Whatever a signed-in person is shown is theirs alone: no proxy and no back button keeps it."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response
