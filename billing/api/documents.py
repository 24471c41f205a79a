"""The utility's own bill as a file: keeping it with a bill, and giving it back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from ninja import Query
from pydantic import BaseModel, Field

from billing.api.routes import router
from billing.models import BillDocument, UtilityBill
from billing.operations.bills import BillLocked
from billing.operations.documents import (
    CONTENT_TYPES,
    NotADocument,
    attach_document,
    document_content,
    document_file_name,
)
from meterbase.lib.json_api import Answer, ApiProblem, Moment
from portfolios import access
from portfolios.bearer import Key, caller
from portfolios.models import Scope

_PART = 64 * 1024

_FILE = {"schema": {"type": "string", "format": "binary"}}
_BYTES = {"application/octet-stream": _FILE}
_TAKES_A_FILE = {"requestBody": {"required": True, "content": _BYTES}}
_FILES = dict.fromkeys(CONTENT_TYPES, _FILE)
_GIVES_A_FILE = {"responses": {200: {"description": "The document.", "content": _FILES}}}


class DocumentQuery(BaseModel):
    """What a file is called."""

    name: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = "bill"


class DocumentAnswer(Answer):
    """The file that is kept with a bill."""

    bill_id: int
    name: str
    content_type: str
    size: int
    sha256: str
    uploaded_at: Moment


@router.put(
    "/bills/{bill_id}/document",
    auth=Key(Scope.BILLS_WRITE),
    response=DocumentAnswer,
    openapi_extra=_TAKES_A_FILE,
)
def attach_bill_document(
    request: HttpRequest, bill_id: int, said: Query[DocumentQuery]
) -> DocumentAnswer:
    """Keep the utility's own bill with a bill, in place of one that was there.

    The body is the file itself, a PDF, PNG or JPEG of at most 15 MB. `name` is what it is called.
    """
    user = caller(request)
    bill = access.fetch(UtilityBill.objects.all(), access.Action.PREPARE, user=user, pk=bill_id)
    try:
        document = attach_document(
            bill=bill, name=said.name, chunks=_parts(request), by=user, now=timezone.now()
        )
    except NotADocument as error:
        details = {"body": [str(error)]}
        raise ApiProblem(422, "validation_error", str(error), details) from error
    except BillLocked as error:
        raise ApiProblem(409, "locked", str(error)) from error
    return DocumentAnswer(
        bill_id=bill.pk,
        name=document.name,
        content_type=document.content_type,
        size=document.size,
        sha256=document.sha256,
        uploaded_at=document.uploaded_at,
    )


@router.get("/bills/{bill_id}/document", auth=Key(Scope.BILLS_READ), openapi_extra=_GIVES_A_FILE)
def show_bill_document(request: HttpRequest, bill_id: int) -> HttpResponse:
    """Give the file that is kept with a bill."""
    bills = UtilityBill.objects.all()
    bill = access.fetch(bills, access.Action.READ, user=caller(request), pk=bill_id)
    document = BillDocument.objects.filter(bill=bill).first()
    if document is None:
        raise Http404("This bill has no document.")
    try:
        content = document_content(document)
    except FileNotFoundError:
        raise Http404("The file of this document is not where it was kept.") from None
    answer = HttpResponse(content, content_type=document.content_type)
    name = document_file_name(document)
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"  # noqa: FBT003 - Django's own signature
    return answer


def _parts(request: HttpRequest) -> Iterator[bytes]:
    """Read the body bit by bit, so that one that is too large is never in memory as a whole."""
    while part := request.read(_PART):
        yield part
