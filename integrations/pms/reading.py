"""Getting JSON out of an answer to a read, or saying why that cannot be done."""

from __future__ import annotations

from integrations.pms.answer import Answer
from integrations.pms.errors import UnreadableAnswer
from meterbase.lib.exact_json import MalformedJson


def json_of(answer: Answer) -> object:
    """Read an answer as JSON.

    Errors: UnreadableAnswer.
    """
    try:
        return answer.json()
    except MalformedJson:
        raise unreadable(answer, "It is not JSON.") from None


def object_in(answer: Answer, *, key: str) -> object:
    """Read what an answer holds under a key; it may be null.

    Errors: UnreadableAnswer when there is no such key.
    """
    body = json_of(answer)
    if not isinstance(body, dict) or key not in body:
        raise unreadable(answer, f"It has no “{key}”.")
    return body[key]


def unreadable(answer: Answer, why: str) -> UnreadableAnswer:
    """Make the error for an answer that the contract does not describe."""
    return UnreadableAnswer(
        f"Propexo's answer cannot be read. {why}",
        http_status=answer.status,
        raw=answer.excerpt,
        request_id=answer.request_id,
    )
