"""Read JSON bodies of contract v1: strict about unknown fields unless told not to be."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from integrations.sandbox.exchange import Request
from integrations.sandbox.v1_problems import (
    Issue,
    bad_request,
    missing,
    unknown_keys,
    wrong_type,
)
from integrations.sandbox.v1_query import query_of
from meterbase.lib.exact_json import JsonValue

Body = Mapping[str, JsonValue]
_WORDS: dict[type, str] = {str: "string", int: "integer", bool: "boolean", list: "array"}


def read_object(request: Request) -> Body:
    """Read a body that is a JSON object; no body at all is an empty one.

    Errors: Problem 400.
    """
    body = request.json() if request.body else {}
    if not isinstance(body, Mapping):
        raise bad_request("The body must be a JSON object.")
    return body


def ignores_unknown(request: Request) -> bool:
    """Tell whether the client asked for unknown fields to be passed over."""
    return query_of(request.query_text).get("ignore_unknown_fields") == "true"


def check_fields(
    body: Body,
    *,
    known: Collection[str],
    required: Mapping[str, type] | None = None,
    optional: Mapping[str, type] | None = None,
    lenient: bool = False,
) -> None:
    """Check which fields there are and of which type they are.

    Errors: Problem 400 with an issue for each thing that is wrong.
    """
    required, optional = required or {}, optional or {}
    unknown = [name for name in body if name not in known]
    issues = [unknown_keys(unknown)] if unknown and not lenient else []
    issues += [missing(name, _WORDS[kind]) for name, kind in required.items() if name not in body]
    for name, kind in {**optional, **required}.items():
        issues += _type_issue(name, body[name], kind) if name in body else []
    if issues:
        raise bad_request("The request body is invalid.", issues)


def _type_issue(name: str, value: JsonValue, kind: type) -> list[Issue]:
    is_flag = isinstance(value, bool)
    if isinstance(value, kind) and is_flag == (kind is bool):
        return []
    return [wrong_type(name, _WORDS[kind], _called(value))]


def _called(value: JsonValue) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, Mapping):
        return "object"
    return "array" if isinstance(value, list) else "number"
