"""Lists as files: the same address as the page, with format=csv or format=xlsx."""

from __future__ import annotations

from collections.abc import Callable

from django.http import StreamingHttpResponse
from django.utils import timezone

from meterbase.lib.sheets import Sheet, sheet_response, wanted_format
from portfolios.http import SignedInRequest


def list_file(
    request: SignedInRequest, make_sheet: Callable[[], Sheet]
) -> StreamingHttpResponse | None:
    """Answer with a list as a file where the address asks for one; None for the page.

    The sheet is made of the rows that the view has already narrowed down and put in order, so that
    the page and its file cannot differ.
    """
    wanted = wanted_format(request.GET)
    if wanted is None:
        return None
    return sheet_response(make_sheet(), wanted, by=str(request.user), at=timezone.now())
