"""The outermost wrapper: the same security headers on every answer."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_UNUSED_FEATURES = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture",
    "encrypted-media", "fullscreen", "geolocation", "gyroscope", "magnetometer", "microphone",
    "midi", "payment", "picture-in-picture", "publickey-credentials-get", "screen-wake-lock",
    "usb", "xr-spatial-tracking",
)  # fmt: skip

_ALWAYS = {
    "Cache-Control": "no-store",
    # Costs a browser a new process, but a page that opened ours would see whether it was left.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _UNUSED_FEATURES),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class SecurityHeaders:
    """WSGI middleware that sets the headers, and the address people know the site by."""

    def __init__(
        self,
        application: "WSGIApplication",
        *,
        styles: Iterable[str],
        scripts: Iterable[str],
        public_address: str | None,
    ) -> None:
        """Wrap an application.

        Args:
            application: whatever answers.
            styles: source expressions of the inline styles.
            scripts: source expressions of the inline scripts.
            public_address: "https://…" in live mode, where HTTPS is then insisted on (RFC 6797)
                and takes the place of whatever host a request claims to ask for.
        """
        self._application = application
        self._host = urlsplit(public_address).netloc if public_address else None
        policy = {
            "default-src": "'none'",
            "base-uri": "'none'",
            "connect-src": "'self'",
            "form-action": "'self'",
            "frame-ancestors": "'none'",
            "img-src": "data:",
            "script-src": " ".join(scripts),
            "style-src": " ".join(styles),
        }
        headers = {
            "Content-Security-Policy": "; ".join(f"{key} {value}" for key, value in policy.items()),
            **_ALWAYS,
        }
        if self._host:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        self._headers = [*headers.items()]
        self._names = {name.lower() for name in headers}

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer with the application's answer and our headers."""
        if self._host:
            environ |= {"HTTP_HOST": self._host, "wsgi.url_scheme": "https"}

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:  # noqa: ANN401 (PEP 3333 leaves it open)
            theirs = [header for header in headers if header[0].lower() not in self._names]
            return start_response(status, theirs + self._headers, *exc_info)

        return self._application(environ, start)
