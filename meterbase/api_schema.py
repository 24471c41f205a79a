"""The OpenAPI document: what all calls have in common is written into it once.

django-ninja describes each call's own parameters and answers. The errors, the headers of every
answer, Idempotency-Key and the scopes come from the gate and the keys, so they are added here.
"""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI

from meterbase.lib.json_api import may_be_kept
from portfolios.bearer import Key

Schema = dict[str, Any]

_ERROR: Schema = {
    "type": "object",
    "required": ["success", "error"],
    "properties": {
        "success": {"const": False},
        "error": {
            "type": "object",
            "required": ["code", "message", "details"],
            "properties": {
                "code": {"type": "string", "description": "A word for programs."},
                "message": {"type": "string", "description": "A sentence for people."},
                "details": {
                    "type": "object",
                    "description": "By the name of the field, what is wrong with it; or what "
                    "else a program needs to go on.",
                },
            },
        },
    },
}

_ERRORS = {
    "400": "The body is not JSON.",
    "401": "The key is missing, wrong or revoked.",
    "403": "The key lacks the scope, or its owner the role.",
    "404": "There is no such row for this key.",
    "409": "Something is in the way; the code says what.",
    "422": "A field is wrong; details name it.",
    "429": "Too many requests; Retry-After says how long to wait.",
    "500": "Something went wrong in MeterBase.",
    "502": "Propexo or the PMS behind it could not do it.",
}
_WITH_A_BODY_ONLY = {"400"}

_WHOLE = {"type": "integer"}
_HEADERS: Schema = {
    "X-Request-ID": {
        "description": "The number of the request, for support.",
        "schema": {"type": "string"},
    },
    "X-RateLimit-Limit": {"description": "Requests a minute of the plan.", "schema": _WHOLE},
    "X-RateLimit-Remaining": {"description": "Requests that are left now.", "schema": _WHOLE},
    "X-RateLimit-Reset": {
        "description": "When a whole minute's requests are open again, in seconds since 1970.",
        "schema": _WHOLE,
    },
}
_RETRY_AFTER: Schema = {
    "Retry-After": {"description": "Seconds to wait.", "schema": _WHOLE},
}

_IDEMPOTENCY_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Chosen by the caller for one call. The same call with the same key is done "
    "once within 24 hours and answered the same; another body with it is refused.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


def complete_schema(schema: Schema, api: NinjaAPI) -> Schema:
    """Write what all calls have in common into the document."""
    components = schema["components"]
    components["schemas"]["Error"] = _ERROR
    components["headers"] = {**_HEADERS, **_RETRY_AFTER}
    for method, path, operation in _operations(api):
        _complete(schema["paths"][path][method], operation, has_body=method != "get")
    return schema


def _operations(api: NinjaAPI) -> list[tuple[str, str, Any]]:
    root = api.get_root_path({}).rstrip("/")
    return [
        (method.lower(), f"{root}{bound.prefix}{path}", operation)
        for bound in api._get_bound_routers()  # noqa: SLF001 - ninja has no other list of its calls
        for path, view in bound.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    ]


def _complete(described: Schema, operation: Any, *, has_body: bool) -> None:
    for key in operation.auth_callbacks:
        if isinstance(key, Key):
            described["x-scope"] = key.scope.value
            described["security"] = [{type(key).__name__: [key.scope.value]}]
    if "post" in map(str.lower, operation.methods) and may_be_kept(operation.view_func):
        described["parameters"] = [*described["parameters"], _IDEMPOTENCY_KEY]
    answers = {str(status): answer for status, answer in described["responses"].items()}
    for status, sentence in _ERRORS.items():
        if has_body or status not in _WITH_A_BODY_ONLY:
            answers.setdefault(status, _error(sentence))
    for status, answer in answers.items():
        names = [*_HEADERS, *(_RETRY_AFTER if status == "429" else ())]
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    described["responses"] = answers


def _error(sentence: str) -> Schema:
    reference = {"$ref": "#/components/schemas/Error"}
    return {"description": sentence, "content": {"application/json": {"schema": reference}}}
