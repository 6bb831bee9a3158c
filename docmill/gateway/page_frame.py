"""What every web page shares: head, navigation, policy. No build step, nothing from outside, no inline script or style."""

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from importlib.resources import files
from string import Template
from types import MappingProxyType
from typing import Final

from fastapi.responses import HTMLResponse

from docmill.gateway.access import csrf_token, who_acts

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ASSETS: MappingProxyType[str, str] = MappingProxyType(
    {
        "app.js": "text/javascript; charset=utf-8",
        "review.js": "text/javascript; charset=utf-8",
        "client.mjs": "text/javascript; charset=utf-8",
        "purchasing.js": "text/javascript; charset=utf-8",
        "review_queue.js": "text/javascript; charset=utf-8",
        "style.css": "text/css; charset=utf-8",
        "icon.svg": "image/svg+xml",
    }
)
LOGOUT: Final = '<form action="/logout" method="post"><span>$who</span> <button type="submit">Log out</button></form>'
NAVIGATION: MappingProxyType[str, str] = MappingProxyType(
    {"/": "Tasks", "/search": "Search", "/review": "Review", "/purchasing": "Purchasing", "/operations": "Operations", "/docs": "API"}
)


@lru_cache
def text_of(name: str) -> str:
    """An asset or template."""
    return files("docmill.gateway").joinpath("web", name).read_text(encoding="utf-8")


def framed(
    template: str, title: str, *, here: str, status: int = 200, data: MappingProxyType[str, str] | None = None, **parts: str
) -> HTMLResponse:
    """A page.

    Args:
        template: file of the main part; its parts are put in as they are, so they are escaped already.
        title: as plain text.
        here: address of the navigation's entry that this page belongs to.
        status: of the answer.
        data: attributes data-... of the body, for the script, as plain text.
        **parts: of the template, by name.
    """
    main = Template(text_of(template)).substitute(parts)
    token = csrf_token()
    shown = {**(data or {}), **({"csrf": token} if token else {})}
    attributes = "".join(f' data-{name}="{escape(value)}"' for name, value in shown.items())
    logout = Template(LOGOUT).substitute(who=escape(who_acts())) if token else ""
    around = {"title": escape(title), "attributes": attributes, "navigation": _navigation(here), "logout": logout}
    page = Template(text_of("frame.html")).substitute(around, main=main)
    return HTMLResponse(page, status_code=status, headers={"Content-Security-Policy": PAGE_POLICY})


def choices(values: Iterable[str], chosen: str) -> str:
    """Options of a select."""
    return "".join(f'<option value="{escape(v)}"{" selected" if v == chosen else ""}>{escape(v or "any")}</option>' for v in values)


def _navigation(here: str) -> str:
    marked = {True: ' aria-current="page"', False: ""}
    return " ".join(f'<a href="{path}"{marked[path == here]}>{name}</a>' for path, name in NAVIGATION.items())
