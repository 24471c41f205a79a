"""Doing what a line for curl would do, header for header and key for key."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

# What a sample takes from a file.
FILE = b"%PDF-1.7\n%%EOF\n"
_OPTIONS = ("-X", "-H", "-d", "-o", "--data-binary")
_numbers = count()


@dataclass(frozen=True, slots=True)
class CurlLine:
    """What a line tells curl to do."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str | bytes

    def names(self) -> set[str]:
        """Name the fields of a body of JSON."""
        is_json = isinstance(self.body, str) and self.body
        return set(json.loads(self.body)) if is_json else set()

    def changed(self, changes: Mapping[str, object]) -> CurlLine:
        """Put other values into a body of JSON."""
        if not changes or isinstance(self.body, bytes):
            return self
        return replace(self, body=json.dumps(json.loads(self.body) | changes))

    def send(self) -> Any:
        """Do what curl would do."""
        headers = dict(self.headers)
        content_type = headers.pop("Content-Type", "")
        return Client().generic(
            self.method, self.path, self.body, content_type=content_type, headers=headers
        )


def read_curl(line: str, *, token: str) -> CurlLine:
    """Read a line as a shell does, $TOKEN and a new uuid filled in."""
    whole = line.replace("\\\n", " ")
    known = whole.replace("$TOKEN", token).replace("$(uuidgen)", f"new-{next(_numbers)}")
    program, *words = shlex.split(known)
    assert program == "curl"
    given: dict[str, list[str]] = {option: [] for option in (*_OPTIONS, "url")}
    while words:
        word = words.pop(0)
        given[word if word in given else "url"].append(words.pop(0) if word in given else word)
    (url,) = given["url"]
    address = urlsplit(url)
    body: str | bytes = "".join(given["-d"])
    if given["--data-binary"]:
        assert given["--data-binary"][0].startswith("@")
        body = FILE
    return CurlLine(
        method=(given["-X"] or ["POST" if body else "GET"])[0],
        path=address.path + (f"?{address.query}" if address.query else ""),
        headers=dict(each.split(": ", 1) for each in given["-H"]),
        body=body,
    )


def perform(
    line: str, *, token: str, changes: dict[str, object] | None = None, number: int = 0
) -> Any:
    """Do what curl would do; `changes` and `number` are ids, which the documentation made up."""
    asked = read_curl(line, token=token)
    path = re.sub(r"/1/", f"/{number}/", asked.path) if number else asked.path
    return replace(asked, path=path).changed(changes or {}).send()
