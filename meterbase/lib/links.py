"""The addresses of many rows of one kind."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse

# Stands for a key in an address; no path says this number for another reason.
_SOME_KEY = 987_654_321


def links_to(name: str) -> Callable[[int], str]:
    """Give what makes the address of a row's page from its key.

    Shape: `name` is that of a URL whose one argument is the key. It is looked up once: for each row
        of a long table that takes longer than all the rest of the row.
    """
    before, after = reverse(name, args=[_SOME_KEY]).split(str(_SOME_KEY))
    return lambda key: f"{before}{key}{after}"
