"""The button that leads away."""

from flask import Blueprint, Response, abort, request

from udvej.leaving import ADDRESS, Leaving


def blueprint(leaving: Leaving) -> Blueprint:
    """The route that every page's leave button posts to."""
    views = Blueprint("leaving", __name__)

    @views.post(ADDRESS)
    def leave() -> Response:
        # Another site must not be able to shut ours in somebody's browser.
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            abort(400)
        return leaving.response()  # type: ignore[return-value]  # werkzeug's, which Flask passes on

    return views
