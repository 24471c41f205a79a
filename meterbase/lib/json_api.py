"""The manners of the JSON API: exact numbers in and out, and one shape for every error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from pydantic import BaseModel, BeforeValidator, ConfigDict

from meterbase.lib.exact_json import MalformedJson, read_json, write_json

Json = dict[str, Any]


class ApiProblem(Exception):
    """A request that is answered with an error.

    Shape: `code` is a word for programs, the message a sentence for people.
    """

    def __init__(
        self, status: int, code: str, message: str, details: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = dict(details or {})

    def body(self) -> Json:
        """Write the error in the API's one shape."""
        error = {"code": self.code, "message": self.message, "details": self.details}
        return {"success": False, "error": error}


class ExactRenderer(BaseRenderer):
    """Write answers with exact decimals."""

    media_type = "application/json"

    def render(self, _request: HttpRequest, data: Any, *, response_status: int) -> bytes:  # noqa: ARG002 - the renderer's interface
        """Write an answer."""
        return write_json(data)


class ExactParser(Parser):
    """Read JSON bodies with exact decimals; anything else is refused."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Read a body.

        Errors: ApiProblem 415 for another content type, 400 for what is not JSON.
        """
        if request.content_type != "application/json":
            raise ApiProblem(
                415,
                "validation_error",
                "The body must be JSON: send it with the header Content-Type: application/json.",
            )
        try:
            return read_json(request.body)
        except MalformedJson:
            raise ApiProblem(400, "validation_error", "The body is not JSON.") from None


class Body(BaseModel):
    """A request body: every field known, nothing converted behind the caller's back."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _iso_date(value: object) -> date:
    if not isinstance(value, str) or len(value) != len("2026-04-01"):
        _refuse_date()
    try:
        return date.fromisoformat(value)
    except ValueError:
        _refuse_date()


def _refuse_date() -> NoReturn:
    raise ValueError("must be a date written as YYYY-MM-DD")


IsoDate = Annotated[date, BeforeValidator(_iso_date)]

_WORDS = {
    "missing": "is required",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "list_type": "must be a list",
    "extra_forbidden": "is not a field of this call",
    "model_attributes_type": "must be a JSON object",
    "model_type": "must be a JSON object",
}


def describe_invalid(errors: Sequence[Mapping[str, Any]]) -> ApiProblem:
    """Turn the findings of the validation into one problem that names every field."""
    details: dict[str, list[str]] = {}
    for error in errors:
        place = [str(part) for part in error["loc"] if part not in ("body", "payload")]
        message = _WORDS.get(error["type"], str(error["msg"])).removeprefix("Value error, ")
        details.setdefault(".".join(place) or "body", []).append(message)
    sentence = "; ".join(f"{field} {' and '.join(found)}" for field, found in details.items())
    return ApiProblem(422, "validation_error", f"{sentence}.", details)
