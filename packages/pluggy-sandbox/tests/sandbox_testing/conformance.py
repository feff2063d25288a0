"""Check responses against Pluggy's OpenAPI file, with a list of documented exceptions."""

import datetime as dt
import json
import re
import uuid
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match

Json = dict[str, Any]
HERE = Path(__file__).with_name("openapi")
ERROR = {"$ref": "#/components/schemas/GlobalErrorResponse"}
MAX_RESULTS_CHECKED = 30  # of a longer list only some are checked: the first, the last and a few between

# Besides, null is read as "absent" wherever a field is not required: Pluggy's own clients read it so.
DISAGREEMENTS = {  # method, path and status, or a field: why the file is not followed ("*" is any)
    "* * 400": "validation errors are documented in prose; the file lists few of them",
    "* * 403": "an invalid key is refused everywhere; the file has it for connect_token only",
    "* * 404": "what is not there is not there at any endpoint",
    "* * 409": "limits and runs in progress are documented in prose",
    "* * 429": "rate limits are documented in prose",
    "GET /transactions 410": "version 1 is closed to new applications",
    "GET /items 401": "there is no list of items for ordinary applications; the path is not in the file",
    "POST /items 400": "ITEM_USER_ALREADY_EXISTS has a list of items and no code",
    "GET /categories 200": "the file forgets the page around the list, which every client reads",
    "GET /categories/rules 200": "the file puts the page into a list, the clients do not",
    "GET /accounts/{id}/balance 200": "the file leaves out the fields of its own example",
    "GET /v2/items 200": "newer than the file",
    "GET /items/{id}/resources 200": "newer than the file",
    "Bill.accountId": "seen on live bills and required by the file, which does not describe it",
    "BillFinanceCharge.creditCardBillId": "required by the file, which does not describe it; never seen",
    "CreditCardMetadata.payeeMCC": "a number on real data and in the clients, a text in the file",
    "GlobalErrorResponse.details": "in the file's own example of a missing MFA parameter",
    "Item.clientUserId": "in the file's own examples, and in every webhook",
    "Item.oauthRedirectUri": "in the file's own examples",
    "ItemCreationErrorResponse.items": "the list of ITEM_USER_ALREADY_EXISTS, in the file's own example",
}


class ConformanceError(AssertionError):
    """A response that neither the file nor DISAGREEMENTS allows."""


def check(method: str, url: str, status: int, text: str) -> str | None:
    """Return the "METHOD /path" of a conforming response of the API, None for other paths.

    Raise ConformanceError if it does not conform.
    """
    template = template_of(urlsplit(url).path)
    if template is None:
        return None
    endpoint = f"{method} {template}"
    checker = validator(endpoint, str(status))
    if checker is None and text:
        raise ConformanceError(f"{endpoint} {status}: no body was promised")
    error = best_match(checker.iter_errors(_sample(json.loads(text)))) if checker else None
    if error:
        path = "/".join(map(str, error.absolute_path))
        raise ConformanceError(f"{endpoint} {status}: {path}: {error.message[:300]}")
    return endpoint if status < 300 or f"{endpoint} {status}" in DISAGREEMENTS else None


def endpoints() -> set[str]:
    """Return every "METHOD /path" of the file and of the additions."""
    return {f"{method.upper()} {path}" for path, methods in paths().items() for method in methods}


@cache
def paths() -> Json:
    """Map path, method and status to a schema; the additions replace entries of the file."""
    all_paths: Json = dict(_read("spec.json")["paths"])
    for path, methods in _read("newer.json")["paths"].items():
        all_paths[path] = all_paths.get(path, {}) | {
            method: all_paths.get(path, {}).get(method, {}) | statuses for method, statuses in methods.items()
        }
    return all_paths


@cache
def template_of(path: str) -> str | None:
    """Return the path template of a path; a literal segment wins over {id}."""
    templates = sorted({*paths(), "/items"}, key=lambda path_template: path_template.count("{"))
    return next(
        (
            path_template
            for path_template in templates
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path_template), path)
        ),
        None,
    )


@cache
def validator(endpoint: str, status: str) -> Draft202012Validator | None:
    """Return the validator of a response, None if the file expects an empty one."""
    method, template = endpoint.split(" ")
    documented = paths().get(template, {}).get(method.lower(), {})
    if status not in documented and not _is_excused(endpoint, status):
        raise ConformanceError(f"{endpoint} never answers {status}")
    schema = documented.get(status, ERROR)
    if schema is None:
        return None
    full_schema = _strict(schema) | {"components": _components()}
    return Draft202012Validator(full_schema, format_checker=FORMATS)


def _is_excused(endpoint: str, status: str) -> bool:
    return f"{endpoint} {status}" in DISAGREEMENTS or f"* * {status}" in DISAGREEMENTS


@cache
def _components() -> Json:
    schemas = dict(_read("spec.json")["components"]["schemas"])
    for name, fields in _read("newer.json")["fields"].items():
        schemas[name] = schemas[name] | {"properties": schemas[name]["properties"] | fields}
    return {"schemas": {name: _strict(schema) for name, schema in schemas.items()}}


def _strict(schema: Any) -> Any:
    """Forbid undocumented fields, and allow null only where a field may be missing."""
    if isinstance(schema, list):
        return [_strict(subschema) for subschema in schema]
    if not isinstance(schema, dict):
        return schema
    strict_schema = {name: _strict(value) for name, value in schema.items() if name != "properties"}
    if schema.get("properties"):
        required = strict_schema["required"] = [
            subschema for subschema in schema.get("required", []) if subschema in schema["properties"]
        ]
        strict_schema["properties"] = {
            name: _strict(subschema)
            if name in required and not subschema.get("nullable")
            else _or_null(_strict(subschema))
            for name, subschema in schema["properties"].items()
        }
        strict_schema["additionalProperties"] = schema.get("additionalProperties", schema is ERROR)
    return strict_schema


def _or_null(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def _sample(body: Any) -> Any:
    """Return the body with only some results of a long list."""
    results = body.get("results") if isinstance(body, dict) else None
    if not isinstance(results, list) or len(results) <= MAX_RESULTS_CHECKED:
        return body
    step = len(results) // (MAX_RESULTS_CHECKED // 2)
    return body | {"results": [*results[:5], *results[5:-5:step], *results[-5:]]}


def _read(name: str) -> Json:
    content: Json = json.loads((HERE / name).read_text(encoding="utf-8"))
    return content


FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def is_instant(text: object) -> bool:
    """Accept an ISO instant or day; some of Pluggy's have no time zone."""
    return not isinstance(text, str) or bool(dt.datetime.fromisoformat(text))


@FORMATS.checks("uuid", raises=ValueError)
def is_uuid(text: object) -> bool:
    """Accept a UUID."""
    return not isinstance(text, str) or bool(uuid.UUID(text))
