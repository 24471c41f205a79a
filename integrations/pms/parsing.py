"""Reading the fields of a row that may be wrong in any way.

A reader notes what is wrong and goes on, so that one look at a row finds all of its problems.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from integrations.pms import values
from integrations.pms.records import MalformedRecord, RecordKind
from integrations.pms.values import Wrong
from meterbase.lib.exact_json import write_json

_Record = TypeVar("_Record")

_SHOWN_CHARACTERS = 60


def read_row(
    row: object,
    *,
    kind: RecordKind,
    build: Callable[[Fields], _Record],
    id_field: str = "id",
) -> _Record | MalformedRecord:
    """Build a record from a row, or say what is wrong with the row.

    Shape: fields that nobody asks for are ignored.
    """
    if not isinstance(row, dict):
        return MalformedRecord(kind, "", ("The row is not an object.",), _shown(row))
    fields = Fields(row)
    record = build(fields)
    if not fields.problems:
        return record
    remote_id = row.get(id_field)
    return MalformedRecord(
        kind,
        remote_id if isinstance(remote_id, str) else "",
        tuple(fields.problems),
        _shown(row),
    )


class Fields:
    """The fields of one row.

    Shape: each reader returns a value of its type; where the field is wrong the value is a
        stand-in, and `problems` has a sentence about it.
    """

    __slots__ = ("_path", "_row", "problems")

    def __init__(
        self, row: Mapping[str, object], *, problems: list[str] | None = None, path: str = ""
    ) -> None:
        self._row = row
        self._path = path
        self.problems = [] if problems is None else problems

    def identifier(self, name: str) -> str:
        """Read an id that must be there; it is not changed in any way."""
        found = values.identifier_from(self._row.get(name))
        if isinstance(found, str):
            return found
        self._note(name, found.allowed if found else "text that names a record")
        return ""

    def optional_identifier(self, name: str) -> str | None:
        """Read an id that may be null."""
        found = values.identifier_from(self._row.get(name))
        return found if isinstance(found, str) else self._checked(name, values.identifier_from)

    def expected(self, name: str, *, value: str) -> str:
        """Read an id that can only be the one that was asked for."""
        found = self.identifier(name)
        if found and found != value:
            self._note(name, f"{value}, which was asked for")
        return found

    def text(self, name: str) -> str:
        """Read text, tidied up; null reads as empty."""
        # Most fields are text and most text is right, so that it is not checked a second time.
        found = values.text_from(self._row.get(name))
        return found if isinstance(found, str) else self._checked(name, values.text_from) or ""

    def word(self, name: str, *, among: Collection[str]) -> str:
        """Read a word in capitals that must be one of those that the contract has."""
        found = self.text(name).upper()
        if found not in among:
            self._note(name, "one of " + ", ".join(among))
        return found

    def prose(self, name: str) -> str:
        """Read text of any length, tidied up; null reads as empty."""
        return self._checked(name, values.prose_from) or ""

    def label(self, name: str) -> str:
        """Read text that some systems send as a number, such as a unit number or a ZIP code."""
        return self._checked(name, values.label_from) or ""

    def required_label(self, name: str) -> str:
        """Read a label that must not be empty."""
        found = self._checked(name, values.label_from)
        if found == "" or self._row.get(name) is None:
            self._note(name, "text that is not empty")
        return found or ""

    def whole(self, name: str) -> int | None:
        """Read a whole number of 0 or more; blank is None."""
        return self._checked(name, values.whole_from)

    def square_feet(self, name: str) -> int | None:
        """Read an area, rounded to whole square feet; 0 and blank mean unknown.

        Units: square feet.
        """
        return self._checked(name, values.square_feet_from)

    def decimal(self, name: str) -> Decimal | None:
        """Read a number of 0 or more; blank is None."""
        return self._checked(name, values.decimal_from)

    def rooms(self, name: str) -> Decimal | None:
        """Read a number of rooms; a studio has 0 bedrooms, blank is None."""
        return self._checked(name, values.rooms_from)

    def lenient_rooms(self, name: str, *, warnings: list[str]) -> Decimal | None:
        """Read a number of rooms; what makes no sense is unknown, with a warning."""
        found = values.rooms_from(self._row.get(name))
        if isinstance(found, Wrong):
            warnings.append(self._sentence(name, found.allowed))
            return None
        return found

    def amount(self, name: str) -> Decimal:
        """Read an amount of money that must be there.

        Units: dollars with exactly two decimals.
        """
        found = self._checked(name, values.amount_from)
        if self._row.get(name) is None:
            self._note(name, "an amount in dollars")
        return found or Decimal("0.00")

    def cents(self, name: str) -> Decimal:
        """Read an amount of money in cents that must be there.

        Units: dollars with exactly two decimals.
        """
        if self._row.get(name) is None:
            self._note(name, "a whole number of cents")
        return self.optional_cents(name) or Decimal("0.00")

    def optional_cents(self, name: str) -> Decimal | None:
        """Read an amount of money in cents; null is None.

        Units: dollars with exactly two decimals.
        """
        return self._checked(name, values.cents_from)

    def calendar_day(self, name: str) -> date | None:
        """Read the day of a time stamp as it is written; null is None."""
        return self._checked(name, values.calendar_day_from)

    def day(self, name: str) -> date | None:
        """Read a day; null is None."""
        return self._checked(name, values.day_from)

    def required_day(self, name: str) -> date:
        """Read a day that must be there."""
        found = self._checked(name, values.day_from)
        if found is None and values.is_blank(self._row.get(name)):
            self._note(name, "a day as YYYY-MM-DD")
        return found or date.min

    def moment(self, name: str) -> datetime | None:
        """Read a moment; one without a zone is in UTC."""
        found = values.moment_from(self._row.get(name))
        return self._checked(name, values.moment_from) if isinstance(found, Wrong) else found

    def flag(self, name: str) -> bool | None:
        """Read true, false or null."""
        return self._checked(name, values.flag_from)

    def inner(self, name: str) -> Fields:
        """Go into an object inside the row; null reads as an object without fields."""
        found = self._checked(name, values.object_from) or {}
        return Fields(found, problems=self.problems, path=f"{self._path}{name}.")

    def texts(self, name: str) -> tuple[str, ...]:
        """Read a list of texts; an entry that is something else is shown as JSON."""
        found = self._checked(name, values.list_from) or []
        return tuple(entry if isinstance(entry, str) else _shown(entry) for entry in found)

    def each(self, name: str) -> tuple[Fields, ...] | None:
        """Go into a list of objects inside the row; null is None."""
        found = self._checked(name, values.list_from)
        if found is None:
            return None
        return tuple(self._entry(name, place, entry) for place, entry in enumerate(found))

    def _entry(self, name: str, place: int, entry: object) -> Fields:
        if not isinstance(entry, dict):
            self._note(name, "a list of objects")
            entry = {}
        return Fields(entry, problems=self.problems, path=f"{self._path}{name}.{place}.")

    def _checked(
        self, name: str, read: Callable[[object], _Record | Wrong | None]
    ) -> _Record | None:
        found = read(self._row.get(name))
        if isinstance(found, Wrong):
            self._note(name, found.allowed)
            return None
        return found

    def _note(self, name: str, allowed: str) -> None:
        self.problems.append(self._sentence(name, allowed))

    def _sentence(self, name: str, allowed: str) -> str:
        shown = _shown(self._row.get(name))[:_SHOWN_CHARACTERS]
        return f"{self._path}{name} is {shown}; it must be {allowed}."


def _shown(value: object) -> str:
    try:
        return write_json(value).decode()
    except RecursionError:
        return "(nested too deeply to be shown)"
