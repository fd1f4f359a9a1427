"""Whether the site can do its work, for monitoring."""

from flask import Blueprint, Response

from udvej.content.addresses import HEALTH
from udvej.health import Health


def blueprint(health: Health) -> Blueprint:
    """`/sundhed`: 200 while everything is well, else 503 and what is not, a line each."""
    views = Blueprint("health", __name__)

    @views.get(HEALTH)
    def look() -> Response:
        problems = [*health.problems()]
        text = "\n".join(problems or ["ok"]) + "\n"
        return Response(text, 503 if problems else 200, mimetype="text/plain")

    return views
