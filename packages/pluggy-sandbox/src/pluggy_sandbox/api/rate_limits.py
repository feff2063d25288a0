"""Apply the rate limits: 429 above the limit, and RateLimit headers on every answer."""

from flask import Response, g, jsonify, request

from pluggy_sandbox.rate_limits import LimitState
from pluggy_sandbox.sandbox import current_sandbox

MESSAGE = "Too many requests. Please try again later (see Retry-After header in seconds)"


def check_limit() -> Response | None:
    """Count the request and answer 429 above the limit. This runs before the key is checked."""
    endpoint = f"{request.method} {request.url_rule}"
    g.limit = current_sandbox().limits.count(endpoint, request.remote_addr or "")
    if g.limit is None or g.limit.used <= g.limit.limit:
        return None
    response = jsonify({"message": MESSAGE, "code": 429})
    response.status_code = 429
    response.headers["Retry-After"] = str(g.limit.seconds_left)
    return response


def add_headers(response: Response) -> Response:
    """Add the RateLimit headers to the response."""
    state: LimitState | None = g.get("limit")
    response.headers.update(state.headers() if state else {})
    return response
