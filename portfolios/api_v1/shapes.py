"""What `/api/v1` has in common: camelCase, ids as text, and lists as `data` and `pagination`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from django import forms
from django.db import models
from django.http import Http404
from pydantic import (
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic.aliases import AliasGenerator
from pydantic_core import core_schema

from meterbase.lib.json_api import Answer, ApiProblem, Body, PageQuery, Pagination
from meterbase.lib.money import dollars_from_cents

RowT = TypeVar("RowT")

_DIGITS = re.compile(r"[0-9]{1,18}")
_ID_SCHEMA = WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,18}$"})


class V1Body(Body):
    """A body in camelCase."""

    model_config = ConfigDict(alias_generator=to_camel)


class V1Answer(Answer):
    """A part of an answer in camelCase."""

    model_config = ConfigDict(alias_generator=AliasGenerator(serialization_alias=to_camel))


class V1Pagination(V1Answer):
    """Where a part of a list stands in the whole."""

    total: int
    page: int
    limit: int
    total_pages: int


def pagination_of(found: Pagination) -> V1Pagination:
    """Write where a part of a list stands as this version does."""
    return V1Pagination(**dict(found))


def take_page(rows: Sequence[RowT], asked: PageQuery) -> tuple[Sequence[RowT], V1Pagination]:
    """Take one page out of rows that are all there; a page behind the last one is empty."""
    start = (asked.page - 1) * asked.limit
    pages = -(-len(rows) // asked.limit)
    pagination = V1Pagination(
        total=len(rows), page=asked.page, limit=asked.limit, total_pages=pages
    )
    return rows[start : start + asked.limit], pagination


def _in_a_path(value: object) -> int:
    text = str(value)
    if not _DIGITS.fullmatch(text):
        raise Http404("There is nothing with this id.")
    return int(text)


def _in_a_field(value: object) -> int:
    if not isinstance(value, str) or not _DIGITS.fullmatch(value):
        raise ValueError('must be an id as text, such as "12"')
    return int(value)


# Ids are text on the wire; one that cannot be any row's is not found in an address, and wrong in a
# field.
PathId = Annotated[int, BeforeValidator(_in_a_path), _ID_SCHEMA]
FieldId = Annotated[int, BeforeValidator(_in_a_field), _ID_SCHEMA]


def not_blank(text: str) -> str:
    """Refuse a text of nothing but blanks, and cut those around it."""
    if not text.strip():
        raise ValueError("must not be empty")
    return text.strip()


DecimalText = Annotated[
    str,
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2}$", "description": "USD."}),
]


def dollars_text(cents: int) -> str:
    """Write cents as a decimal text.

    Units: cents in, dollars out.
    """
    return f"{dollars_from_cents(cents):f}"


Number = Annotated[Decimal, WithJsonSchema({"type": "number"})]


def _number_text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")  # noqa: TRY004 - a finding
    number = Decimal(value)
    # A huge exponent must not reach what writes the number out.
    if abs(int(number.as_tuple().exponent)) > _MOST_DIGITS or number.adjusted() > _MOST_DIGITS:
        raise ValueError("must be a number of at most nine digits on either side of the point")
    return f"{number:f}"


_MOST_DIGITS = 9

# A number as a form takes it, which says what is wrong with it.
NumberIn = Annotated[str, BeforeValidator(_number_text), WithJsonSchema({"type": "number"})]


def problem_of(form: forms.Form, rename: Callable[[str], str] = to_camel) -> ApiProblem:
    """Say what a form found, under the names that this version of the API uses."""
    details = {rename(name): [str(each) for each in form.errors[name]] for name in form.errors}
    message = " ".join(sentence for found in details.values() for sentence in found)
    return ApiProblem(422, "validation_error", message, details)


@dataclass(frozen=True, slots=True)
class OneOf:
    """Says of a text that it is one of a list."""

    choices: type[models.TextChoices]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Check the text after what else is said of it."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Write the list into the document."""
        return {**handler(schema), "enum": list(self.choices.values)}

    def _check(self, text: str) -> str:
        if text not in self.choices.values:
            raise ValueError(f"must be one of {', '.join(self.choices.values)}")
        return text
