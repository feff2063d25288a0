"""The error body of the API, and errors that several resources share."""

import re
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from pluggy_sandbox.ids import is_uuid

# Paths of Pluggy's API that the sandbox does not imitate; docs/reference.md says what they are.
NOT_IMITATED = re.compile(
    r"/(benefits|income-reports|payroll-loans|portfolio|acquirer-(sales|receivables|anticipations)"
    r"|payments|smart-transfers|boletos|boleto-connections|items/[^/]+/scr)(/|$)"
)


class ApiError(Exception):
    """Ends a request with an error in Pluggy's format."""

    def __init__(self, status: int, message: str, code_description: str | None = None, **extra: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"code": status, "message": message}
        if code_description:
            self.body["codeDescription"] = code_description
        self.body |= extra


def unauthenticated() -> ApiError:
    """Return the 403 for a missing or invalid key, and for a connect token outside its scope."""
    return ApiError(403, "Missing or invalid authorization token")


def item_not_found() -> ApiError:
    """Return the 404 of an item."""
    return not_found("item")


def not_found(noun: str) -> ApiError:
    """Return the 404 of a resource, named in plain words."""
    return ApiError(404, f"{noun} not found", f"{noun.upper().replace(' ', '_')}_NOT_FOUND")


def require_uuid(value: str | None, name: str) -> str:
    """Return the value if it is a UUID, else raise 400 with the message of Pluggy's validator."""
    if not value:
        raise ApiError(400, f"{name} should not be null or undefined, {name} must be a UUID")
    if not is_uuid(value):
        raise ApiError(400, f"{name} must be a UUID")
    return value


def install(app: Flask) -> None:
    """Make the application answer every error as JSON."""

    @app.errorhandler(ApiError)
    def api_error(error: ApiError) -> tuple[Response, int]:
        return jsonify(error.body), error.status

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> tuple[Response, int]:
        status = error.code or 500
        if status == 404 and NOT_IMITATED.match(request.path):
            message = f"{request.path} is not imitated by the local Pluggy"
            return jsonify({"code": 501, "message": message}), 501
        return jsonify({"code": status, "message": error.description}), status

    @app.errorhandler(Exception)
    def unexpected_error(error: Exception) -> tuple[Response, int]:
        app.logger.exception("internal error of the local Pluggy")
        body = {"code": 500, "codeDescription": "INTERNAL_SERVER_ERROR", "message": "Internal Server Error"}
        return jsonify(body), 500
