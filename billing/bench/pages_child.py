"""A process with a database of its own that opens pages and times them.

It reads orders from standard input and answers each with a line of JSON: `prepare 1000` makes a
portfolio of so many units, `time home 20` opens a page so often, `constants home 20` the page
beside it that prints the same words without looking anything up.
"""

from __future__ import annotations

import html
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template import engines

PAGES = ("review", "property_list", "failures", "home")

_MAIN = re.compile(r"<main\b[^>]*>(.*)</main>", re.DOTALL)
_PIECES = re.compile(r"((?:<[^>]*>|\s)*)([^<]*)")
_TEMPLATE = """{% extends "base.html" %}{% block title %}Constants{% endblock %}
{% block content %}{% for tags, words in pieces %}{{ tags|safe }}{{ words }}{% endfor %}
{% endblock %}"""


def main() -> None:
    """Follow the orders, one by one."""
    django.setup()
    settings.ROOT_URLCONF = "billing.bench.pages_urls"
    # Nothing has to be collected for style sheets that nobody fetches.
    files = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": files}}
    pages: Mapping[str, Callable[[], Any]] = {}
    for line in sys.stdin:
        order, what, *count = line.split()
        if order == "prepare":
            pages = prepare(int(what))
            answer: object = len(pages)
        else:
            page = pages[f"{order} {what}"]
            answer = [_seconds(page) for _ in range(int(count[0]))]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def prepare(units: int) -> dict[str, Callable[[], Any]]:
    """Make a portfolio, and say how each of its pages and of their likes is opened.

    Effects: the tables of an empty database and all that is in them.
    """
    from django.db import connection
    from django.test import Client
    from django.utils import timezone

    from billing.bench.portfolio import make_portfolio, size_of
    from billing.bench.stage import make_tables
    from portfolios.models import User

    make_tables()
    urls = _urls(make_portfolio(size=size_of(units), now=timezone.now()))
    with connection.cursor() as cursor:
        # PostgreSQL does so by itself a little later.
        cursor.execute("ANALYZE")
    client = Client(headers={"Host": "localhost"})
    client.force_login(User.objects.get(username="accountant"))
    pages: dict[str, Callable[[], Any]] = {}
    for name, url in urls.items():
        pages[f"time {name}"] = partial(_open, client, url)
        CONSTANTS[name] = list(_pieces_of(_open(client, url)))
        pages[f"constants {name}"] = partial(_open, client, f"/constants/{name}/")
    return pages


def _urls(calculation: Any) -> dict[str, str]:
    from django.urls import reverse

    found = (
        reverse("billing:calculation-detail", args=[calculation.pk]),
        reverse("property-list"),
        reverse("billing:failure-list"),
        reverse("home"),
    )
    return dict(zip(PAGES, found, strict=True))


CONSTANTS: dict[str, list[tuple[str, str]]] = {}


def show_constants(request: HttpRequest, name: str) -> HttpResponse:
    """Render the words and the tags of a page, with nothing to look up."""
    template = engines["django"].from_string(_TEMPLATE)
    return HttpResponse(template.render({"pieces": CONSTANTS[name]}, request))


def _pieces_of(page: bytes) -> Iterator[tuple[str, str]]:
    """Take a page apart into tags and the words that follow them."""
    found = _MAIN.search(page.decode())
    if found is None:
        raise RuntimeError("The page has no main part.")
    for tags, words in _PIECES.findall(found[1]):
        yield tags, html.unescape(words)


def _open(client: Any, url: str) -> bytes:
    answer = client.get(url)
    if answer.status_code != 200:
        raise RuntimeError(f"{url} gave {answer.status_code}.")
    return bytes(answer.content)


def _seconds(page: Callable[[], Any]) -> float:
    began = time.perf_counter()
    page()
    return time.perf_counter() - began


if __name__ == "__main__":
    # What is imported twice would have two sets of constants.
    from billing.bench.pages_child import main as run

    run()
