"""Where a list is taken up, and who is told how far it got."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from integrations.pms.gateway import OnPage

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Turn:
    """One reading of a list.

    Shape: `resume_at` is a mark that an earlier reading of the same list was told.
    """

    resume_at: str | None = None
    on_page: OnPage | None = None

    def page_is_read(self, next_mark: str | None) -> None:
        """Tell that the last row of a page was taken, and where the next page starts."""
        if self.on_page is not None:
            self.on_page(next_mark)


def one_after_the_other(
    turn: Turn, lists: Mapping[str, Callable[[Turn], Iterator[_Row]]]
) -> Iterator[_Row]:
    """Read several lists as if they were one; a mark names the list that it is in."""
    names = list(lists)
    named, _, mark = (turn.resume_at or "").partition(":")
    first = names.index(named) if named in names else 0
    for place in range(first, len(names)):
        following = f"{names[place + 1]}:" if place + 1 < len(names) else None
        inner = Turn(
            resume_at=mark or None if names[place] == named else None,
            on_page=_told_of(turn, names[place], following),
        )
        yield from lists[names[place]](inner)


def _told_of(turn: Turn, name: str, following: str | None) -> OnPage:
    def tell(next_mark: str | None) -> None:
        turn.page_is_read(following if next_mark is None else f"{name}:{next_mark}")

    return tell
