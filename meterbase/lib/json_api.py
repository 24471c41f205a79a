"""The manners of the JSON API: exact numbers in and out, one shape for errors and one for lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, NoReturn, Protocol, TypeVar

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from meterbase.lib.exact_json import JsonValue, MalformedJson, read_json, write_json
from meterbase.lib.money import LARGEST, Cents, NotAnAmount, cents_from_dollars

Json = dict[str, Any]
RowT = TypeVar("RowT", bound=Model | str)
RowT_co = TypeVar("RowT_co", bound=Model | str, covariant=True)
CallT = TypeVar("CallT", bound=Callable[..., Any])

_JSON = "application/json; charset=utf-8"


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


def written_answer(body: Mapping[str, object], *, status: int = 200) -> HttpResponse:
    """Answer with a body that needs no look at its shape any more."""
    return HttpResponse(write_json(body), status=status, content_type=_JSON)


def invalid(**fields: str) -> ApiProblem:
    """Describe fields that a call cannot be done with, each by a sentence."""
    details = {field: [sentence] for field, sentence in fields.items()}
    return ApiProblem(422, "validation_error", " ".join(fields.values()), details)


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

        Errors: ApiProblem 400 for another content type and for what is not JSON.
        """
        if request.content_type != "application/json":
            raise ApiProblem(
                400,
                "validation_error",
                "The body must be JSON: send it with the header Content-Type: application/json.",
            )
        try:
            found = read_json(request.body)
        except MalformedJson:
            raise ApiProblem(400, "validation_error", "The body is not JSON.") from None
        # Only by an escape can JSON in UTF-8 hold what no database stores.
        if b"\\u" in request.body and not _is_storable(found):
            message = "The body holds characters that are no text, such as NUL."
            raise ApiProblem(400, "validation_error", message)
        return found


def _is_storable(value: JsonValue) -> bool:
    """Tell whether all text in a value is free of NUL and of halves of characters."""
    if isinstance(value, str):
        return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, Mapping):
        return all(_is_storable(name) and _is_storable(each) for name, each in value.items())
    if isinstance(value, Sequence):
        return all(map(_is_storable, value))
    return True


class Body(BaseModel):
    """A request body: every field known, nothing converted behind the caller's back."""

    model_config = ConfigDict(extra="forbid", strict=True)


def sample(**fields: Any) -> ConfigDict:
    """Give a body a sample of itself, for the documentation."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


class Answer(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _cents(value: object) -> Cents:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(_AN_AMOUNT)  # noqa: TRY004 - pydantic takes these for findings
    try:
        return cents_from_dollars(value)
    except NotAnAmount:
        raise ValueError(_AN_AMOUNT) from None


_AN_AMOUNT = "must be an amount in dollars with at most two decimals, such as 142.50"

# Dollars in JSON, cents in code.
DollarsIn = Annotated[
    Cents,
    BeforeValidator(_cents),
    WithJsonSchema(
        {
            "type": "number",
            "multipleOf": 0.01,
            "minimum": -LARGEST // 100,
            "maximum": LARGEST // 100,
            "description": "US dollars.",
        }
    ),
]
Money = Annotated[
    Decimal,
    WithJsonSchema({"type": "number", "multipleOf": 0.01, "description": "US dollars."}),
]


def _write_moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


Moment = Annotated[
    datetime,
    PlainSerializer(_write_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Day = Annotated[
    date, PlainSerializer(date.isoformat), WithJsonSchema({"type": "string", "format": "date"})
]


# What a database's column for a key holds.
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]


class PageQuery(BaseModel):
    """Which part of a list is asked for."""

    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class Pagination(Answer):
    """Where a part of a list stands in the whole."""

    total: int
    page: int
    limit: int
    total_pages: int


@dataclass(frozen=True, slots=True)
class Page(Generic[RowT]):
    """A part of a list, and where it stands in the whole."""

    rows: Sequence[RowT]
    pagination: Pagination


class Pageable(Protocol[RowT_co]):
    """Ordered rows that can be counted and taken in parts, as those of a query set."""

    def count(self) -> int:
        """Count them."""

    def __getitem__(self, part: slice, /) -> Iterable[RowT_co]: ...


def paginate(rows: Pageable[RowT], asked: PageQuery) -> Page[RowT]:
    """Take one page out of ordered rows; a page behind the last one is empty."""
    start = (asked.page - 1) * asked.limit
    found = list(rows[start : start + asked.limit])
    # A page that is not full is the last one; then nothing has to be counted.
    is_last = len(found) < asked.limit and (found or not start)
    total = start + len(found) if is_last else rows.count()
    return Page(found, _pagination(total, asked))


class Counted(Protocol[RowT_co]):
    """Ordered rows of which each page comes with the number of all."""

    def page(self, start: int, stop: int) -> tuple[Sequence[RowT_co], int]:
        """Give some of them, and how many there are in all."""


def paginate_counted(rows: Counted[RowT], asked: PageQuery) -> Page[RowT]:
    """Take one page out of rows that are counted along with it."""
    start = (asked.page - 1) * asked.limit
    found, total = rows.page(start, start + asked.limit)
    return Page(found, _pagination(total, asked))


def _pagination(total: int, asked: PageQuery) -> Pagination:
    pages = -(-total // asked.limit)
    return Pagination(total=total, page=asked.page, limit=asked.limit, total_pages=pages)


def calls_pms(call: CallT) -> CallT:
    """Mark a call that talks to the PMS, and so cannot run inside a transaction."""
    call.calls_pms = True  # type: ignore[attr-defined] # read by uses_the_pms alone
    return call


def uses_the_pms(call: Callable[..., Any]) -> bool:
    """Tell whether a call talks to the PMS."""
    return bool(getattr(call, "calls_pms", False))


def answers_with_a_secret(call: CallT) -> CallT:
    """Mark a call whose answer must not be kept."""
    call.answers_with_a_secret = True  # type: ignore[attr-defined] # read by may_be_kept alone
    return call


def may_be_kept(call: Callable[..., Any]) -> bool:
    """Tell whether the answer of a call may be kept, to be given again."""
    return not getattr(call, "answers_with_a_secret", False)


def _iso_date(value: object) -> date:
    if not isinstance(value, str) or len(value) != len("2026-04-01"):
        _refuse_date()
    try:
        return date.fromisoformat(value)
    except ValueError:
        _refuse_date()


def _refuse_date() -> NoReturn:
    raise ValueError("must be a date written as YYYY-MM-DD")


IsoDate = Annotated[
    date,
    BeforeValidator(_iso_date),
    WithJsonSchema({"type": "string", "format": "date"}, mode="validation"),
]

# Where a value stood, in ninja's words; the field follows.
_AROUND = ("body", "payload", "query", "path", "header")

_WORDS = {
    "missing": "is required",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "decimal_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "list_type": "must be a list",
    "extra_forbidden": "is not a field of this call",
    "model_attributes_type": "must be a JSON object",
    "model_type": "must be a JSON object",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "may have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "may have at most {max_length} entries",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}


def describe_invalid(errors: Sequence[Mapping[str, Any]]) -> ApiProblem:
    """Turn the findings of the validation into one problem that names every field."""
    details: dict[str, list[str]] = {}
    for error in errors:
        place = [str(part) for part in error["loc"] if part not in _AROUND]
        words = _WORDS.get(error["type"])
        message = words.format(**error.get("ctx", {})) if words else str(error["msg"])
        details.setdefault(".".join(place) or "body", []).append(
            message.removeprefix("Value error, ")
        )
    sentence = "; ".join(f"{field} {' and '.join(found)}" for field, found in details.items())
    return ApiProblem(422, "validation_error", f"{sentence}.", details)
