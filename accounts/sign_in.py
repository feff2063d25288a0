"""Ask again for the password or the second factor before something sensitive."""

from collections.abc import Callable
from typing import TypeVar, cast

from allauth.account.decorators import reauthentication_required
from django.http import HttpResponseBase

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def recent_sign_in_required(view: View) -> View:
    """Let a view run only within five minutes of a sign-in; else ask, then go on with the same request.

    A stolen session is not enough for such a view. Place it below `login_required`.
    """
    return cast(View, reauthentication_required(view))
