"""`security.txt`: where to report a weakness (RFC 9116)."""

from datetime import UTC, datetime, timedelta
from typing import Final

from flask import Blueprint, Response

from udvej.content.addresses import SECURITY

# Less than a year, as the RFC wants; counted from each answer, so that it never runs out.
_GOOD_FOR: Final = timedelta(days=180)


def blueprint(contact: str, origin: str) -> Blueprint:
    """`/.well-known/security.txt`.

    Args:
        contact: a `mailto:` or `https:` address.
        origin: "https://…", without a slash at the end.
    """
    views = Blueprint("security_txt", __name__)

    @views.get(SECURITY)
    def security_txt() -> Response:
        expires = datetime.now(UTC) + _GOOD_FOR
        text = (
            f"Contact: {contact}\nExpires: {expires:%Y-%m-%d}T00:00:00Z\n"
            f"Preferred-Languages: da, en\nCanonical: {origin}{SECURITY}\n"
        )
        return Response(text, mimetype="text/plain")

    return views
