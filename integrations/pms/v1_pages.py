"""Lists of contract v1, page by page, by offset in a fixed order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from integrations.pms.answer import Answer
from integrations.pms.errors import InvalidRequest
from integrations.pms.paging import Turn
from integrations.pms.reading import json_of, unreadable
from integrations.pms.transport import Transport

ROWS_PER_PAGE = 250
# The default order is newest first: rows that come in meanwhile would push others to later pages,
# where they are read twice, and none would be missed only by luck.
_OLDEST_FIRST = "created_at:asc,id:asc"
_WHOLE_LIST = "whole:"


@dataclass(frozen=True, slots=True)
class _Page:
    rows: list[object]
    is_last: bool


def read_rows(
    transport: Transport,
    path: str,
    filters: Mapping[str, str],
    *,
    turn: Turn,
    changed: Mapping[str, str] | None = None,
    whole_only: set[str] | None = None,
) -> Iterator[object]:
    """Read the rows of a list.

    Shape: `changed` are filters that narrow the list to what has changed; where Propexo does not
        know them for this list, the whole list is read instead, and its path is put into
        `whole_only`, so that nobody asks in vain again.
    Errors: UnreadableAnswer when a page makes no sense, or the list goes round in circles.
    """
    never_narrow = whole_only if whole_only is not None else set()
    narrowing, offset = _start(turn.resume_at, {} if path in never_narrow else dict(changed or {}))
    seen: set[str] = set()
    while True:
        params = {**filters, **narrowing, **_window(offset)}
        try:
            answer = transport.get(path, params=params)
        except InvalidRequest as error:
            if not narrowing or error.http_status != HTTPStatus.BAD_REQUEST:
                raise
            never_narrow.add(path)
            narrowing, offset, seen = {}, 0, set()
            continue
        page = _page_of(answer, offset=offset)
        _note_first(page, seen, answer)
        yield from page.rows
        offset += len(page.rows)
        turn.page_is_read(None if page.is_last else _mark(offset, whole=not narrowing))
        if page.is_last:
            return


def _window(offset: int) -> dict[str, str]:
    return {"limit": str(ROWS_PER_PAGE), "offset": str(offset), "order-by": _OLDEST_FIRST}


def _mark(offset: int, *, whole: bool) -> str:
    return f"{_WHOLE_LIST if whole else ''}{offset}"


def _start(mark: str | None, narrowing: dict[str, str]) -> tuple[dict[str, str], int]:
    """Go on where an earlier reading stopped, if this is the list that it was reading."""
    offset = (mark or "").removeprefix(_WHOLE_LIST)
    is_whole = mark is not None and mark.startswith(_WHOLE_LIST)
    is_number = offset.isascii() and offset.isdigit()
    if not is_number or not (is_whole or narrowing):
        # A mark of another list leads nowhere; reading from the start loses nothing.
        return narrowing, 0
    return {} if is_whole else narrowing, int(offset)


def _page_of(answer: Answer, *, offset: int) -> _Page:
    body = json_of(answer)
    rows = body.get("results") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(rows, list):
        raise unreadable(answer, "It is not a page of a list.")
    has_more, total = _outlook(body.get("meta"))
    so_far = offset + len(rows)
    if has_more and not rows:
        raise unreadable(answer, "It shows no rows, and says that there are more.")
    # Where nothing is said, even a short page may have a successor: only an empty one is the end.
    is_last = not rows or has_more is False
    if is_last and total is not None and so_far < total:
        # A list that ends too early would pass for a complete one, and a charge for missing.
        raise unreadable(answer, f"It ends after {so_far} of {total} rows.")
    return _Page(rows, is_last)


def _outlook(meta: object) -> tuple[bool | None, int | None]:
    """Read whether there is more and how much there is; None for what is not said."""
    if not isinstance(meta, dict):
        return None, None
    has_more, total = meta.get("hasMore"), meta.get("total")
    return (
        has_more if isinstance(has_more, bool) else None,
        total if isinstance(total, int) and not isinstance(total, bool) else None,
    )


def _note_first(page: _Page, seen: set[str], answer: Answer) -> None:
    """Stop when a page begins like an earlier one: then Propexo does not heed the offset."""
    first = page.rows[0] if page.rows else None
    name = str(first.get("id")) if isinstance(first, dict) else repr(first)
    if page.rows and name in seen:
        raise unreadable(answer, "The list goes round in circles.")
    seen.add(name)
