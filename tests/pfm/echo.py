"""A WSGI application that returns what the web server made of the request's headers."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from pfm import web_server
from pfm.web_server import *  # noqa: F403 - this module is the server's configuration, too

web_server.STALL_LIMIT = 1


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "application/json")])
    names = ("SCRIPT_NAME", "PATH_INFO", "REMOTE_ADDR", "wsgi.url_scheme")
    return [json.dumps({key: environ[key] for key in environ if key in names or key[:5] == "HTTP_"}).encode()]
