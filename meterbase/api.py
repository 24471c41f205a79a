"""The JSON API, put together from the apps' calls."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.operation import Operation

from billing.api import router as rubs
from billing.api_v1 import router as properties_v1
from integrations.api import router as propexo
from integrations.api_v1 import payments_router as payments_v1
from integrations.api_v1 import webhooks_router as webhooks_v1
from integrations.gateways import PropexoNotConfigured
from integrations.pms.errors import PmsError
from meterbase.api_answers import no_key, problem_answer
from meterbase.api_once import answer_once
from meterbase.api_schema import complete_schema
from meterbase.lib.json_api import ApiProblem, ExactParser, ExactRenderer, describe_invalid
from meterbase.request_ids import request_id
from portfolios.api_v1 import router as leases_v1
from portfolios.bearer import let_nobody_in

logger = logging.getLogger(__name__)


class MeterBaseApi(NinjaAPI):
    """The API, whose document tells everything that the gate adds to each call."""

    def get_openapi_schema(self, **options: Any) -> Any:
        """Describe all calls."""
        return complete_schema(super().get_openapi_schema(**options), self)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Name a call by its function."""
        return operation.view_func.__name__


api = MeterBaseApi(
    title="MeterBase",
    version="1",
    description="Splits a building's utility bill over its units and posts each tenant's charge.",
    urls_namespace="api",
    auth=let_nobody_in,
    renderer=ExactRenderer(),
    parser=ExactParser(),
    docs_url=None,
)
api.add_decorator(answer_once, mode="view")
api.add_router("/propexo", propexo)
api.add_router("/rubs", rubs)
for router in (properties_v1, leases_v1, payments_v1, webhooks_v1):
    api.add_router("/v1", router)


@api.exception_handler(ApiProblem)
def _problem(_request: HttpRequest, problem: ApiProblem) -> HttpResponse:
    return problem_answer(problem)


@api.exception_handler(HttpError)
def _unreadable(_request: HttpRequest, error: HttpError) -> HttpResponse:
    # Whatever the parser raises arrives wrapped; what it said is the cause.
    if isinstance(error.__cause__, ApiProblem):
        return problem_answer(error.__cause__)
    return problem_answer(ApiProblem(error.status_code, "validation_error", str(error)))


@api.exception_handler(ValidationError)
def _invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    return problem_answer(describe_invalid(error.errors))


@api.exception_handler(AuthenticationError)
def _stranger(_request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    return no_key()


@api.exception_handler(Http404)
def _missing(_request: HttpRequest, error: Http404) -> HttpResponse:
    return problem_answer(ApiProblem(404, "resource_not_found", str(error) or "Nothing here."))


@api.exception_handler(PermissionDenied)
def _denied(_request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return problem_answer(ApiProblem(403, "permission_denied", str(error)))


@api.exception_handler(PropexoNotConfigured)
def _not_configured(_request: HttpRequest, error: PropexoNotConfigured) -> HttpResponse:
    return problem_answer(ApiProblem(409, "not_configured", str(error)))


@api.exception_handler(PmsError)
def _upstream(_request: HttpRequest, error: PmsError) -> HttpResponse:
    details = {"propexo_error_code": error.code}
    return problem_answer(ApiProblem(502, "upstream_error", error.message, details))


@api.exception_handler(Exception)
def _our_mistake(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    message = f"Something went wrong in MeterBase. Tell support the request {request_id()}."
    return problem_answer(ApiProblem(500, "server_error", message))
