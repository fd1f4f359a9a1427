"""Errors as pages like the others, in plain words and with the phone number."""

import logging
from collections.abc import Mapping
from typing import Any

from flask import Flask, render_template
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from udvej.errors import StorageError
from udvej.languages import gettext

_log = logging.getLogger(__name__)


def show_errors(app: Flask) -> None:
    """Answer every error of an application with a page."""
    app.register_error_handler(HTTPException, _error_page)
    app.register_error_handler(StorageError, _storage_error)


def _errors() -> Mapping[int, tuple[str, str]]:
    return {
        400: (
            gettext("Det kunne vi ikke læse"),
            gettext("Gå tilbage, og prøv igen. Du kan også ringe til os."),
        ),
        404: (
            gettext("Siden findes ikke"),
            gettext("Måske er adressen skrevet forkert, eller siden er flyttet."),
        ),
        405: (
            gettext("Det kan siden ikke"),
            gettext("Gå til forsiden, og begynd derfra."),
        ),
        413: (
            gettext("Det var for meget på én gang"),
            gettext("Skriv en kortere besked. Resten kan du sige til os."),
        ),
        429: (
            gettext("Der er travlt lige nu"),
            gettext("Vent et par minutter, og prøv igen. Du kan også ringe til os."),
        ),
        500: (
            gettext("Noget gik galt hos os"),
            gettext("Det er ikke din fejl. Prøv igen om lidt, eller ring til os."),
        ),
        503: (
            gettext("Siden virker ikke lige nu"),
            gettext("Prøv igen om lidt, eller ring til os."),
        ),
    }


def _error_page(error: HTTPException) -> Any:  # noqa: ANN401 (what Flask takes)
    code = error.code or 500
    if code < 400:  # noqa: PLR2004 (a redirect is no error)
        return error
    errors = _errors()
    heading, text = errors.get(code) or errors[400 if code < 500 else 500]  # noqa: PLR2004
    page = render_template(
        "error.html", page=None, title=heading, code=code, heading=heading, text=text
    )
    kept = {"Allow", "Retry-After"}
    headers = [(name, value) for name, value in error.get_headers() if name in kept]
    return page, code, headers


def _storage_error(_error: StorageError) -> Any:  # noqa: ANN401 (what Flask takes)
    _log.error("event=storage-failed", exc_info=True)
    return _error_page(ServiceUnavailable())
