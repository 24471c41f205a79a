"""The one place where requests to Propexo leave and answers come in.

Reads are repeated a little. Writes are made once: a fresh connection, no repeat, no redirect, and
everything that is not certain is reported as uncertain. Requests go through an HTTP adapter alone,
not a session: no cookie, no redirect, no proxy and no netrc file of the machine can touch them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError

from integrations.pms.ahead import AskedAhead, ask
from integrations.pms.answer import EXCERPT_CHARACTERS, Answer, read_rate_limit, wait_after
from integrations.pms.api_key import ApiKey, HiddenText
from integrations.pms.deadline import DeadlineAdapter, OpenConnections, deadline
from integrations.pms.errors import NeverSent, OutcomeUnknown, PmsError, Unavailable
from integrations.pms.pacing import Pacer, Purpose
from integrations.pms.records import RateLimit
from integrations.pms.refusals import read_error, write_error
from integrations.pms.retries import no_retries, read_retries

USER_AGENT = "MeterBase/0.1"

_CHUNK_BYTES = 65_536
_LARGEST_ANSWER_BYTES = 32 * 1024 * 1024

# How often a read that was throttled waits for another turn; the pacer bounds how long.
_MOST_TURNS = 5


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait for what.

    Shape: `connect` and `read` are for one step, the totals for a whole call with its repeats;
        `longest_wait` is what a read waits before a repeat, at most.
    Units: seconds.
    """

    connect: float = 5.0
    read: float = 20.0
    read_total: float = 60.0
    write_total: float = 20.0
    longest_wait: float = 5.0
    backoff: float = 0.5


class AnswerTooLong(requests.RequestException):
    """The answer is longer than any page of records."""


class Transport:
    """A way to Propexo with one API key; not to be shared between threads.

    Errors: ValueError when the address is not http(s), or holds a user, a query or a fragment.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeouts: Timeouts | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pacer: Pacer | None = None,
    ) -> None:
        # A traceback that shows local variables must not show the key, so the name is bound anew,
        # and must be able to show an object that is not finished.
        api_key = HiddenText(api_key)
        self._base_url = ""
        self._key = ApiKey(api_key)
        self._base_url = _checked_base_url(base_url)
        self._timeouts = timeouts or Timeouts()
        self._clock = clock
        self._pacer = pacer
        self._rate_limit: RateLimit | None = None
        self._ahead: AskedAhead | None = None
        self._pool: OpenConnections | None = None
        self._reads = DeadlineAdapter(
            max_retries=read_retries(
                backoff=self._timeouts.backoff,
                longest_wait=self._timeouts.longest_wait,
                # With a pacer a 429 concerns everybody, so it is not dealt with in silence here.
                repeats_throttled=pacer is None,
                before_repeat=partial(pacer.wait, purpose="read") if pacer else None,
            )
        )

    def __repr__(self) -> str:
        return f"Transport({self._base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept open between reads."""
        self._drop_ahead()
        self._reads.close()

    @property
    def rate_limit(self) -> RateLimit | None:
        """Tell what the last answer's rate headers said."""
        return self._rate_limit

    def get(self, path: str, *, params: Mapping[str, str] | None = None) -> Answer:
        """Read, and repeat a few times where that can help.

        Shape: the answer is a 2xx; its body has not been looked at.
        Errors: Unavailable, Throttled, ApiKeyRefused, PmsLoginExpired, Refused, UnreadableAnswer.
        """
        answer = self._take_ahead(path, params or {})
        if answer is not None:
            return answer
        request = requests.Request(
            "GET", self._url(path), params=dict(params or {}), headers=self._headers()
        ).prepare()
        for turn in range(_MOST_TURNS):
            self._await_turn("read")
            with deadline(self._timeouts.read_total):
                outcome = self._exchange(self._reads, request)
            if self._pacer is None or not _is_throttled(outcome) or turn == _MOST_TURNS - 1:
                break
        # Raised here and not where it was caught: the caught error's frames hold the request bytes.
        if not isinstance(outcome, Answer):
            raise _failed_read(outcome)
        if not _is_success(outcome):
            raise read_error(outcome, now=self._clock())
        self._pool = self._pool or self._reads.open_connections(request)
        return outcome

    def ask_ahead(self, path: str, *, params: Mapping[str, str]) -> None:
        """Ask for what `get` will be called for next, so that it does not have to wait for it.

        Effects: at most one request, and none when it would have to wait for its turn.
        """
        self._drop_ahead()
        if self._pool is None or not self._pool.has_open():
            return
        if self._pacer is None or self._pacer.is_free():
            target = self._target(path, params)
            read = self._timeouts.read
            self._ahead = ask(self._pool, target, headers=self._headers(), timeout=read)

    def post_once(
        self, path: str, *, body: bytes, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a write, in one attempt on a connection of its own.

        Shape: the answer is a 2xx; its body has not been looked at.
        Errors: NeverSent when no connection could be made; ApiKeyRefused, PmsLoginExpired,
            Throttled and Refused when Propexo said no; OutcomeUnknown in every other case.
        Effects: whatever the write does.
        """
        request = requests.Request(
            "POST",
            self._url(path),
            data=body,
            headers=self._headers()
            | {"Content-Type": "application/json", "Connection": "close"}
            | dict(headers or {}),
        ).prepare()
        self._await_turn("post")
        adapter = DeadlineAdapter(max_retries=no_retries())
        try:
            with deadline(self._timeouts.write_total):
                outcome = self._exchange(adapter, request)
        finally:
            adapter.close()
        if not isinstance(outcome, Answer):
            raise _failed_write(outcome)
        if not _is_success(outcome):
            raise write_error(outcome, now=self._clock())
        return outcome

    def _take_ahead(self, path: str, params: Mapping[str, str]) -> Answer | None:
        """Fetch what was asked ahead; None when it was something else, or did not work out."""
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            return None
        if not ahead.is_for(self._target(path, params)):
            ahead.drop()
            return None
        with deadline(self._timeouts.read_total):
            fetched = ahead.fetch(largest=_LARGEST_ANSWER_BYTES)
        if fetched is None:
            return None
        response, body = fetched
        answer = self._answer(response.status, response.headers, self._key.blank_out(body))
        return answer if _is_success(answer) else None

    def _drop_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.drop()
            self._ahead = None

    def _exchange(
        self, adapter: HTTPAdapter, request: requests.PreparedRequest
    ) -> Answer | _Failure:
        waits = (self._timeouts.connect, self._timeouts.read)
        try:
            with adapter.send(request, stream=True, timeout=waits) as response:
                body = self._key.blank_out(_read_body(response))
        except (requests.RequestException, HTTPError, OSError) as error:
            cause = self._key.blank_out_text(f"{type(error).__name__}: {error}")
            return _Failure(_was_never_sent(error), cause[:EXCERPT_CHARACTERS])
        return self._answer(response.status_code, response.headers, body)

    def _answer(self, status: int, said: Mapping[str, str], body: bytes) -> Answer:
        headers = CaseInsensitiveDict(
            {name: self._key.blank_out_text(value) for name, value in said.items()}
        )
        self._note_rate(status, headers)
        return Answer(status=status, headers=headers, body=body)

    def _await_turn(self, purpose: Purpose) -> None:
        if self._pacer is not None:
            self._pacer.wait(purpose=purpose)

    def _note_rate(self, status: int, headers: Mapping[str, str]) -> None:
        now = self._clock()
        stated = read_rate_limit(headers, now=now)
        self._rate_limit = stated or self._rate_limit
        if self._pacer is not None:
            is_throttled = status == HTTPStatus.TOO_MANY_REQUESTS
            throttled_for = wait_after(headers, now=now) if is_throttled else None
            self._pacer.saw(rate_limit=stated, throttled_for=throttled_for)

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": self._key.authorization(),
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": USER_AGENT,
        }

    def _url(self, path: str) -> str:
        if not path.startswith("/v1/"):
            raise ValueError(f"{path!r} is not a path of the API: these start with /v1/")
        return self._base_url + path

    def _target(self, path: str, params: Mapping[str, str]) -> str:
        return f"{urlsplit(self._url(path)).path}?{urlencode(params)}"


@dataclass(frozen=True, slots=True)
class _Failure:
    """A call without an answer; it keeps no exception, only what there is to say about it."""

    never_sent: bool
    cause: str


def _failed_read(failure: _Failure) -> PmsError:
    return Unavailable("Propexo cannot be reached, or takes too long.", raw=failure.cause)


def _failed_write(failure: _Failure) -> PmsError:
    if failure.never_sent:
        return NeverSent("Propexo cannot be reached, so nothing was sent.", raw=failure.cause)
    return OutcomeUnknown(
        "The connection broke off or took too long, so the charge may or may not have been made. "
        "MeterBase looks it up before anything is sent again.",
        raw=failure.cause,
    )


def _was_never_sent(error: Exception) -> bool:
    """Tell whether the connection itself failed, the only case in which no byte can have left."""
    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _read_body(response: requests.Response) -> bytes:
    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_content(_CHUNK_BYTES):
        chunks.append(chunk)
        size += len(chunk)
        if size > _LARGEST_ANSWER_BYTES:
            raise AnswerTooLong(f"the answer is longer than {_LARGEST_ANSWER_BYTES} bytes")
    return b"".join(chunks)


def _is_success(answer: Answer) -> bool:
    return HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES


def _is_throttled(outcome: Answer | _Failure) -> bool:
    return isinstance(outcome, Answer) and outcome.status == HTTPStatus.TOO_MANY_REQUESTS


def _checked_base_url(base_url: str) -> str:
    """Check Propexo's address, and take off a slash or a version that people add to it."""
    parts = urlsplit(base_url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("Propexo's address must start with https:// or http://")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("Propexo's address must not hold a user name, a query or a fragment")
    path = parts.path.rstrip("/").removesuffix("/v1")
    checked = f"{parts.scheme}://{parts.netloc}{path}"
    try:
        requests.Request("GET", checked).prepare()
    except requests.RequestException:
        raise ValueError(f"{checked} is not an address") from None
    return checked
