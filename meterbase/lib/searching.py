"""Finding rows by the words that somebody types."""

from __future__ import annotations

from functools import reduce
from operator import and_, or_

from django.db.models import Q

LONGEST = 100
_MOST_WORDS = 5


def words_of(text: str) -> list[str]:
    """Split what somebody searches for into its first words.

    Shape: a character that no database takes is left out.
    """
    return text.replace("\x00", "")[:LONGEST].split()[:_MOST_WORDS]


def has_words(words: list[str], *lookups: str) -> Q:
    """Ask for rows that have every word in one field or another; no words ask for all rows."""
    return reduce(and_, (has_word(word, *lookups) for word in words), Q())


def has_word(word: str, *lookups: str) -> Q:
    """Ask for rows that have a word in one of several fields."""
    return reduce(or_, (Q(**{f"{lookup}__icontains": word}) for lookup in lookups))
