"""A visitor who uses pages as a browser does, and the API as a program does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urljoin

import requests

from meterbase.lib.exact_json import JsonValue, read_json, write_json

_SECONDS = 30


class StepFailed(Exception):
    """A step of the demonstration did not end as it should."""


class Visitor:
    """Somebody signed in to the pages."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._session = requests.Session()
        self._session.trust_env = False
        self.url = ""
        self.text = ""

    def open(self, path: str) -> str:
        """Open a page and return its text.

        Errors: StepFailed.
        """
        return self._take(self._session.get(self._at(path), timeout=_SECONDS))

    def submit(self, path: str, fields: Mapping[str, str | list[str]] | None = None) -> str:
        """Fill in and send a form; return the text of the page that follows.

        Errors: StepFailed, with the page's complaints, when the form comes back.
        """
        token = self._session.cookies.get("csrftoken") or ""
        form = {"csrfmiddlewaretoken": token, **(fields or {})}
        answer = self._session.post(
            self._at(path), data=form, headers={"Referer": self._at(path)}, timeout=_SECONDS
        )
        text = self._take(answer)
        if not answer.history:
            raise StepFailed(f"The form at {path} was not accepted: {_complaints(text)}")
        return text

    def send(self, path: str, fields: Mapping[str, str | list[str]] | None = None) -> str:
        """Send a form whose answer is a page of its own; return its text."""
        token = self._session.cookies.get("csrftoken") or ""
        form = {"csrfmiddlewaretoken": token, **(fields or {})}
        return self._take(
            self._session.post(
                self._at(path), data=form, headers={"Referer": self._at(path)}, timeout=_SECONDS
            )
        )

    def number_in_url(self, pattern: str) -> int:
        """Read a row's number from the address of the page that is open."""
        found = re.search(pattern, self.url)
        if found is None:
            raise StepFailed(f"The page {self.url} is not the one that was expected.")
        return int(found[1])

    def _at(self, path: str) -> str:
        return urljoin(self._base_url, path)

    def _take(self, answer: requests.Response) -> str:
        if answer.status_code != HTTPStatus.OK:
            raise StepFailed(f"{answer.request.method} {answer.url} gave {answer.status_code}.")
        self.url, self.text = answer.url, answer.text
        return answer.text


class Program:
    """A program with an API key."""

    def __init__(self, base_url: str, secret: str) -> None:
        self._base_url = base_url
        self._headers = {
            "Authorization": f"Bearer {secret}",
            "Content-Type": "application/json",
        }

    def get(self, path: str) -> dict[str, JsonValue]:
        """Read."""
        return self._call("GET", path, None)

    def post(self, path: str, body: JsonValue) -> dict[str, JsonValue]:
        """Write."""
        return self._call("POST", path, write_json(body))

    def _call(self, method: str, path: str, body: bytes | None) -> dict[str, JsonValue]:
        answer = requests.request(
            method,
            urljoin(self._base_url, path),
            data=body,
            headers=self._headers,
            timeout=_SECONDS,
        )
        if not answer.ok:
            raise StepFailed(f"{method} {path} gave {answer.status_code}: {answer.text[:500]}")
        read = read_json(answer.content)
        if not isinstance(read, dict):
            raise StepFailed(f"{method} {path} did not give an object.")
        return read


def _complaints(page: str) -> str:
    marked = r"<\w+[^>]*(?:invalid-feedback|errorlist|notice)[^>]*>(.*?)</"
    found = re.findall(marked, page, re.DOTALL)
    texts = [" ".join(re.sub(r"<[^>]+>", " ", text).split()) for text in found]
    return " ".join(filter(None, texts)) or "it came back without a word."
