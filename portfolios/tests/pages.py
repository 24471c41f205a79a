"""What holds for every page, checked in one place."""

from __future__ import annotations

from typing import Any

from bs4 import BeautifulSoup, Tag

_NEEDS_NO_LABEL = {"hidden", "submit", "button"}


def check_page(response: Any) -> BeautifulSoup:
    """Assert what every page must be, and give it for more.

    Shape: a whole page with one h1 and a title, nothing inline, every input labelled.
    """
    assert response.status_code == 200, response.status_code
    page = BeautifulSoup(response.content, "html.parser")
    headings = [heading.get_text(strip=True) for heading in page.find_all("h1")]
    assert len(headings) == 1, headings
    assert headings[0]
    _check_title(page)
    assert page.find_all(style=True) == []
    assert page.find_all("style") == []
    assert [script for script in page.find_all("script") if not script.get("src")] == []
    for form in page.find_all("form"):
        assert form.get("action") or form.get("method"), form
    for field in page.find_all(["input", "select", "textarea"]):
        assert is_labelled(page, field), field
    _check_ids(page)
    return page


def check_part(response: Any) -> BeautifulSoup:
    """Assert that an answer is the part of a page that htmx swaps, and give it."""
    assert response.status_code == 200, response.status_code
    part = BeautifulSoup(response.content, "html.parser")
    assert part.find("html") is None
    assert part.find("h1") is None
    return part


def is_labelled(page: BeautifulSoup, field: Tag) -> bool:
    """Tell whether a field has a name that can be read out."""
    if field.get("type") in _NEEDS_NO_LABEL:
        return True
    if field.get("aria-label") or field.find_parent("label"):
        return True
    label = page.find("label", attrs={"for": str(field.get("id", ""))})
    return bool(label and label.get_text(strip=True))


def text_of(page: BeautifulSoup | Tag) -> str:
    """Give the words of a page with single spaces."""
    return " ".join(page.get_text(" ").split())


def the(page: BeautifulSoup | Tag, selector: str) -> Tag:
    """Find the one element that a selector names."""
    (found,) = page.select(selector)
    return found


def _check_title(page: BeautifulSoup) -> None:
    assert page.title is not None
    assert page.title.get_text(strip=True).removesuffix("· MeterBase").strip()


def _check_ids(page: BeautifulSoup) -> None:
    ids = [str(found["id"]) for found in page.find_all(id=True)]
    assert len(ids) == len(set(ids)), sorted(ids)
