"""Doing what a line for curl would do, header for header and key for key."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.test import Client


@dataclass(frozen=True, slots=True)
class CurlLine:
    """What a line tells curl to do."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str


def read_curl(line: str, *, token: str) -> CurlLine:
    """Read a line as a shell does, $TOKEN and a new uuid filled in."""
    whole = line.replace("\\\n", " ")
    known = whole.replace("$TOKEN", token).replace("$(uuidgen)", "a-new-one")
    program, *words = shlex.split(known)
    assert program == "curl"
    given: dict[str, list[str]] = {"-X": [], "-H": [], "-d": [], "url": []}
    while words:
        word = words.pop(0)
        given[word if word in given else "url"].append(words.pop(0) if word in given else word)
    address = urlsplit(given["url"][0])
    body = "".join(given["-d"])
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
    headers = dict(asked.headers)
    content_type = headers.pop("Content-Type", "")
    path = re.sub(r"/1/", f"/{number}/", asked.path) if number else asked.path
    body = json.dumps(json.loads(asked.body) | (changes or {})) if asked.body else ""
    return Client().generic(asked.method, path, body, content_type=content_type, headers=headers)
