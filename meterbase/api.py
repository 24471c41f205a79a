"""The JSON API, put together from the apps' calls."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from billing.api import router as rubs
from integrations.api import router as propexo
from integrations.gateways import PropexoNotConfigured
from integrations.pms.errors import PmsError
from meterbase.lib.json_api import ApiProblem, ExactParser, ExactRenderer, describe_invalid
from portfolios.bearer import BearerKey

api = NinjaAPI(
    title="MeterBase",
    version="1",
    urls_namespace="api",
    auth=BearerKey(),
    renderer=ExactRenderer(),
    parser=ExactParser(),
    docs_url=None,
)
api.add_router("/propexo", propexo)
api.add_router("/rubs", rubs)


def _answer(request: HttpRequest, problem: ApiProblem) -> HttpResponse:
    return api.create_response(request, problem.body(), status=problem.status)


@api.exception_handler(ApiProblem)
def _problem(request: HttpRequest, problem: ApiProblem) -> HttpResponse:
    return _answer(request, problem)


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    # Whatever the parser raises arrives wrapped; what it said is the cause.
    if isinstance(error.__cause__, ApiProblem):
        return _answer(request, error.__cause__)
    return _answer(request, ApiProblem(error.status_code, "validation_error", str(error)))


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return _answer(request, describe_invalid(error.errors))


@api.exception_handler(AuthenticationError)
def _stranger(request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    message = "Send a living API key: Authorization: Bearer mb_…. Keys are made under API keys."
    answer = _answer(request, ApiProblem(401, "authentication_error", message))
    answer["WWW-Authenticate"] = "Bearer"
    return answer


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return _answer(request, ApiProblem(404, "resource_not_found", str(error) or "Nothing here."))


@api.exception_handler(PermissionDenied)
def _denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return _answer(request, ApiProblem(403, "permission_denied", str(error)))


@api.exception_handler(PropexoNotConfigured)
def _not_configured(request: HttpRequest, error: PropexoNotConfigured) -> HttpResponse:
    return _answer(request, ApiProblem(409, "not_configured", str(error)))


@api.exception_handler(PmsError)
def _upstream(request: HttpRequest, error: PmsError) -> HttpResponse:
    details = {"propexo_error_code": error.code}
    return _answer(request, ApiProblem(502, "upstream_error", error.message, details))
