"""429 for the one request too many, and the headers that tell how many are left."""

from flask import Response, g, jsonify, request

from dev.sandbox.limits import State
from dev.sandbox.pluggy import here

MESSAGE = "Too many requests. Please try again later (see Retry-After header in seconds)"


def refuse() -> Response | None:
    """Before a request, even one without a good key: 429 for the one too many."""
    g.limit = here().limits.count(f"{request.method} {request.url_rule}", request.remote_addr or "")
    if g.limit is None or g.limit.used <= g.limit.limit:
        return None
    response = jsonify({"message": MESSAGE, "code": 429})
    response.status_code = 429
    response.headers["Retry-After"] = str(g.limit.seconds_left)
    return response


def tell(response: Response) -> Response:
    """After a request: how much is left."""
    state: State | None = g.get("limit")
    response.headers.update(state.headers() if state else {})
    return response
