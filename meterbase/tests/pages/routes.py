"""The named routes of the product, read from where they are declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver, reverse

# Django's own pages and the API for programs are proven elsewhere.
_OTHERS = {"admin", "api-1.0.0", "api"}
_SAMPLES = {"IntConverter": "1"}


@dataclass(frozen=True, slots=True)
class Route:
    """A named route, such as billing:bill-detail."""

    name: str
    converters: tuple[tuple[str, str], ...]

    def sample_url(self) -> str:
        """Write an address of this form that leads to no row."""
        values = {key: _SAMPLES.get(kind, "x") for key, kind in self.converters}
        return reverse(self.name, kwargs=values)


def named_routes() -> list[Route]:
    """Find every named route of the product's own pages."""
    return list(_walk(get_resolver().url_patterns, ()))


def _walk(patterns: Iterable[URLPattern | URLResolver], names: tuple[str, ...]) -> Iterator[Route]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            if pattern.name:
                kinds = pattern.pattern.converters.items()
                converters = tuple((key, type(kind).__name__) for key, kind in kinds)
                yield Route(":".join((*names, pattern.name)), converters)
            continue
        namespace = pattern.namespace
        if namespace is None or not namespace.startswith(tuple(_OTHERS)):
            inner = (*names, namespace) if namespace else names
            yield from _walk(pattern.url_patterns, inner)
