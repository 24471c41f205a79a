"""The OpenAPI document as people read it: calls with their fields and a sample, by subject."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

Schema = Mapping[str, Any]

_SAMPLES: Mapping[str, object] = {
    "integer": 1,
    "number": 142.5,
    "boolean": True,
    "string": "text",
    "null": None,
}
_FORMATS = {"date": "2026-04-01", "date-time": "2026-04-01T09:00:00Z"}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a body or an answer, or a parameter."""

    name: str
    kind: str
    is_required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Status:
    """An answer that a call may give."""

    status: str
    description: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call, with a sample of it for a shell."""

    name: str
    method: str
    path: str
    summary: str
    scope: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answer: tuple[Field, ...]
    success: str
    errors: tuple[Status, ...]
    curl: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Calls that belong together."""

    name: str
    calls: tuple[Call, ...]


def read_reference(document: Schema, *, base_url: str) -> tuple[Subject, ...]:
    """List all calls of a document, by subject.

    Shape: `base_url` has no slash at its end.
    """
    reader = _Reader(document, base_url)
    calls = [
        (described["tags"][0], reader.call(method, path, described))
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]
    return tuple(
        Subject(name, tuple(call for _name, call in found))
        for name, found in groupby(calls, key=lambda each: each[0])
    )


class _Reader:
    """Reads one document, following its references."""

    def __init__(self, document: Schema, base_url: str) -> None:
        self._schemas: Schema = document["components"]["schemas"]
        self._base_url = base_url

    def call(self, method: str, path: str, described: Schema) -> Call:
        """Read a call."""
        success = min(described["responses"])
        body = _json_of(described.get("requestBody"))
        return Call(
            name=described["operationId"],
            method=method.upper(),
            path=path,
            summary=described.get("description", described["summary"]),
            scope=described.get("x-scope", ""),
            parameters=tuple(
                Field(
                    each["name"],
                    f"{self._kind(each['schema'])}, in the {each['in']}",
                    each["required"],
                    each.get("description", ""),
                )
                for each in described["parameters"]
            ),
            body=tuple(self._fields(body)),
            answer=tuple(self._fields(_json_of(described["responses"][success]))),
            success=success,
            errors=tuple(
                Status(status, answer["description"])
                for status, answer in sorted(described["responses"].items())
                if status != success
            ),
            curl=self._curl(method, path, described),
        )

    def _curl(self, method: str, path: str, described: Schema) -> str:
        address = _address(path, described["parameters"])
        order = "" if method == "get" else f"-X {method.upper()} "
        lines = [f'curl {order}"{self._base_url}{address}"', '-H "Authorization: Bearer $TOKEN"']
        if any(each["name"] == "Idempotency-Key" for each in described["parameters"]):
            lines.append('-H "Idempotency-Key: $(uuidgen)"')
        body = _json_of(described.get("requestBody"))
        if body:
            sample = json.dumps(self._sample(body), indent=2)
            lines += ['-H "Content-Type: application/json"', f"-d '{sample}'"]
        elif "requestBody" in described:
            lines += ['-H "Content-Type: application/octet-stream"', "--data-binary @bill.pdf"]
        return " \\\n".join(lines)

    def _fields(self, schema: Schema) -> Iterator[Field]:
        schema = self._follow(schema)
        required = schema.get("required", ())
        for name, each in schema.get("properties", {}).items():
            kind, description = self._kind(each), each.get("description", "")
            yield Field(name, kind, name in required, description)

    def _follow(self, schema: Schema) -> Schema:
        reference = schema.get("$ref")
        return self._schemas[reference.rpartition("/")[2]] if reference else schema

    def _kind(self, schema: Schema) -> str:
        choices = schema.get("anyOf")
        if choices:
            return " or ".join(dict.fromkeys(self._kind(each) for each in choices))
        if "enum" in schema:
            return "one of " + ", ".join(str(each) or "nothing" for each in schema["enum"])
        if schema.get("type") == "array":
            inner = schema.get("items", {})
            names = ", ".join(field.name for field in self._fields(inner))
            return f"list of {{{names}}}" if names else f"list of {self._kind(inner)}"
        if "$ref" in schema:
            return "{" + ", ".join(field.name for field in self._fields(schema)) + "}"
        found = str(schema.get("format") or schema.get("type", "anything"))
        longest = schema.get("maxLength")
        return f"{found}, at most {longest} characters" if longest else found

    def _sample(self, schema: Schema) -> object:
        schema = self._follow(schema)
        if "examples" in schema:
            return schema["examples"][0]
        if "properties" in schema:
            wanted = schema.get("required") or schema["properties"]
            return {name: self._sample(schema["properties"][name]) for name in wanted}
        if "enum" in schema:
            return schema["enum"][0]
        if schema.get("type") == "array":
            return [self._sample(schema["items"])]
        if "anyOf" in schema:
            return self._sample(schema["anyOf"][0])
        return _FORMATS.get(schema.get("format", "")) or _SAMPLES[schema.get("type", "null")]


_MADE_UP = {"job_id": "job_abc123", "kind": "spike", "rule_id": "1-water"}


def _address(path: str, parameters: Iterable[Schema]) -> str:
    """Write an address with made-up ids, and with what a call cannot do without."""
    query = []
    for each in parameters:
        name = each["name"]
        value = _MADE_UP.get(name, "1")
        path = path.replace(f"{{{name}}}", value)
        if each["in"] == "query" and each["required"]:
            query.append(f"{name}={value}")
    return "?".join([path, "&".join(query)] if query else [path])


def _json_of(part: Schema | None) -> Schema:
    """Take the JSON out of a body or an answer; empty when it has none."""
    content: Schema = (part or {}).get("content", {}).get("application/json", {})
    found: Schema = content.get("schema", {})
    return found
