"""The error envelope of the API and the errors that several nouns share."""

import uuid
from typing import Any

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException


class ApiError(Exception):
    """Ends a request with Pluggy's error envelope."""

    def __init__(self, status: int, message: str, code_description: str | None = None, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"code": status, "message": message}
        if code_description:
            self.body["codeDescription"] = code_description
        self.body |= more


def unauthenticated() -> ApiError:
    """Missing, malformed or expired key, and reaching too far with a connect token."""
    return ApiError(403, "Missing or invalid authorization token")


def item_not_found() -> ApiError:
    """No such item."""
    return not_found("item")


def not_found(noun: str) -> ApiError:
    """No such thing, or none that may be read; `noun` in plain words."""
    return ApiError(404, f"{noun} not found", f"{noun.upper().replace(' ', '_')}_NOT_FOUND")


def require_uuid(value: str | None, name: str) -> str:
    """The value if it is a uuid; the message is the one of Pluggy's validator."""
    if not value:
        raise ApiError(400, f"{name} should not be null or undefined, {name} must be a UUID")
    if not is_uuid(value):
        raise ApiError(400, f"{name} must be a UUID")
    return value


def is_uuid(value: object) -> bool:
    """Whether a text is a uuid."""
    try:
        return str(uuid.UUID(str(value))) == str(value).lower()
    except ValueError:
        return False


def install(app: Flask) -> None:
    """Answer every error in JSON."""

    @app.errorhandler(ApiError)
    def known(problem: ApiError) -> tuple[Response, int]:
        return jsonify(problem.body), problem.status

    @app.errorhandler(HTTPException)
    def http(problem: HTTPException) -> tuple[Response, int]:
        status = problem.code or 500
        return jsonify({"code": status, "message": problem.description}), status

    @app.errorhandler(Exception)
    def unknown(problem: Exception) -> tuple[Response, int]:
        app.logger.exception("the local Pluggy made a mistake")
        body = {"code": 500, "codeDescription": "INTERNAL_SERVER_ERROR", "message": "Internal Server Error"}
        return jsonify(body), 500
