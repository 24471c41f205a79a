"""What every answer goes through, and what only pages do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin

_API = "/api/"
# What Propexo sends is signed and has a budget of its own; the documentation is a page.
_NO_CALLS = ("/api/webhooks/", "/api/docs/")


def is_call(request: HttpRequest) -> bool:
    """Tell whether a program calls the JSON API: by a key, and not as somebody signed in."""
    path = request.path_info
    return path.startswith(_API) and not path.startswith(_NO_CALLS)


class VaryOnHtmxMiddleware:
    """Keep a browser or proxy from showing a swapped part where the whole page belongs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        patch_vary_headers(response, ["HX-Request"])
        return response


class _ForPages(MiddlewareMixin):
    """Let calls of programs pass: they have no session and show no page."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if is_call(request):
            return self.get_response(request)
        return super().__call__(request)


class PagePolicyMiddleware(_ForPages, CSPMiddleware):
    """Say what a page may load; the API's gate says it of calls."""


class PageSessionMiddleware(_ForPages, SessionMiddleware):
    """Read and keep the session of whoever looks at a page."""


class PageUserMiddleware(_ForPages, AuthenticationMiddleware):
    """Tell who looks at a page; the API's gate tells who calls."""


class PageMessageMiddleware(_ForPages, MessageMiddleware):
    """Keep messages for the next page."""
