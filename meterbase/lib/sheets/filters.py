"""What narrows a list down, in the reader's words, for the file that is made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol


class ChoiceShape(Protocol):
    """A choice as `components/filter_bar.html` takes it."""

    @property
    def label(self) -> str: ...
    @property
    def chosen(self) -> str: ...
    @property
    def options(self) -> Sequence[tuple[str, str]]: ...


def chosen_filters(
    *, q: str = "", choices: Iterable[ChoiceShape] = (), show: str = ""
) -> tuple[tuple[str, str], ...]:
    """Name what was searched for, what is chosen in the filter bar, and the tab that is shown.

    Shape: what narrows nothing is left out.
    """
    chosen = [
        (choice.label, dict(choice.options)[choice.chosen])
        for choice in choices
        if choice.chosen and choice.chosen in dict(choice.options)
    ]
    tab = [("Show", show)] if show else []
    return (*([("Search", q)] if q.strip() else []), *chosen, *tab)
