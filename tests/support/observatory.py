"""Mozilla's HTTP Observatory, as far as its rules can concern this site.

Written after the rules as published at developer.mozilla.org ("HTTP Observatory: tests & scoring")
and in the scanner's own source, August 2026. What asks about the world around a site (preloaded
HSTS, redirections from HTTP) is the web server's in front and gives no points here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from html.parser import HTMLParser
from typing import Final

from werkzeug.datastructures import Headers

_SIX_MONTHS: Final = 15_552_000
_BROAD: Final = frozenset(("*", "http:", "https:", "ftp:", "http://*", "https://*"))
_INLINE: Final = frozenset(("'unsafe-inline'", "data:"))
_PRIVATE: Final = frozenset((
    "no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin",
))  # fmt: skip
_ISOLATED: Final = frozenset((
    "same-origin", "same-origin-allow-popups", "noopener-allow-popups",
))  # fmt: skip
# Extra points count only where this much is left without them.
_ENOUGH_FOR_EXTRA: Final = 90

Policy = Mapping[str, Sequence[str]]


def _policy(headers: Headers) -> Policy:
    directives = headers.get("Content-Security-Policy", "").split(";")
    return {
        name: rest
        for name, *rest in (directive.split() for directive in directives if directive.strip())
    }


def content_security_policy(headers: Headers, _html: str) -> int:
    """Strict from the ground up, or how far from it."""
    policy = _policy(headers)
    if not policy:
        return -25
    fallback = policy.get("default-src", ["*"])
    scripts = _without_what_hashes_undo(policy.get("script-src", fallback))
    styles = _without_what_hashes_undo(policy.get("style-src", fallback))
    active = [
        source
        for name, sources in policy.items()
        if name not in ("img-src", "media-src")
        for source in sources
    ]
    passive = [*policy.get("img-src", fallback), *policy.get("media-src", fallback)]
    any_script = scripts & (_BROAD | _INLINE) or _BROAD & {*policy.get("object-src", fallback)}
    if any_script or _in_clear(active):
        return -20
    if "'unsafe-eval'" in scripts | styles or _in_clear(passive):
        return -10
    if styles & (_BROAD | _INLINE):
        return 0
    return 10 if policy.get("default-src") == ["'none'"] else 5


def _in_clear(sources: Sequence[str]) -> bool:
    return any(source.startswith(("http:", "ftp:")) for source in sources)


def _without_what_hashes_undo(sources: Sequence[str]) -> frozenset[str]:
    hashed = any(re.match(r"'(sha(256|384|512)|nonce)-", source) for source in sources)
    return frozenset(sources) - ({"'unsafe-inline'"} if hashed else set())


def cookies(headers: Headers, _html: str) -> int:
    """All of them Secure and SameSite, those of a session HttpOnly."""
    given = [
        (
            cookie.partition("=")[0].casefold(),
            {flag.strip().casefold() for flag in cookie.split(";")[1:]},
        )
        for cookie in headers.getlist("Set-Cookie")
    ]
    if not given:
        return 0
    worst = 5
    for name, flags in given:
        session = "sess" in name or "login" in name
        same_site = flags & {"samesite=strict", "samesite=lax"}
        if "secure" not in flags:
            worst = min(worst, -40 if session else -20)
        if session and "httponly" not in flags:
            worst = min(worst, -30)
        if not same_site:
            worst = min(worst, -20 if "csrf" in name else 0)
    return worst


def cross_origin_resource_sharing(headers: Headers, _html: str) -> int:
    """Not with everybody's cookies."""
    return -50 if headers.get("Access-Control-Allow-Credentials") == "true" else 0


def referrer_policy(headers: Headers, _html: str) -> int:
    """No other site is told what was read."""
    if "Referrer-Policy" not in headers:
        return 0
    return 5 if headers["Referrer-Policy"] in _PRIVATE else -5


def strict_transport_security(headers: Headers, _html: str) -> int:
    """For six months at least."""
    given = headers.get("Strict-Transport-Security", "")
    age = re.search(r"max-age=(\d+)", given)
    if age is None:
        return -20
    return 0 if int(age[1]) >= _SIX_MONTHS else -10


def x_content_type_options(headers: Headers, _html: str) -> int:
    """No guessing."""
    return 0 if headers.get("X-Content-Type-Options") == "nosniff" else -5


def framing(headers: Headers, _html: str) -> int:
    """In nobody's frame, by the policy or by X-Frame-Options."""
    forbidden = headers.get("X-Frame-Options", "").upper() in ("DENY", "SAMEORIGIN")
    return 5 if forbidden or "frame-ancestors" in _policy(headers) else -20


def cross_origin_resource_policy(headers: Headers, _html: str) -> int:
    """Nothing of ours is part of another site."""
    given = headers.get("Cross-Origin-Resource-Policy")
    if given in ("same-origin", "same-site"):
        return 10
    return 0 if given in (None, "cross-origin") else -5


def cross_origin_opener_policy(headers: Headers, _html: str) -> int:
    """No other site holds on to our window. Scored since August 2026."""
    given = headers.get("Cross-Origin-Opener-Policy")
    if given in _ISOLATED:
        return 10
    return 0 if given in (None, "unsafe-none") else -5


def subresource_integrity(_headers: Headers, html: str) -> int:
    """Scripts of others are the ones we know."""
    foreign = [
        script for script in _Scripts.of(html) if re.match(r"(https?:)?//", script.get("src") or "")
    ]
    if any("integrity" not in script for script in foreign):
        return -50 if any(not str(script["src"]).startswith("https:") for script in foreign) else -5
    return 5 if foreign else 0


class _Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    @classmethod
    def of(cls, html: str) -> Sequence[Mapping[str, str | None]]:
        parser = cls()
        parser.feed(html)
        return parser.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.found.append(dict(attrs))


RULES: Final[Sequence[Callable[[Headers, str], int]]] = (
    content_security_policy, cookies, cross_origin_resource_sharing, referrer_policy,
    strict_transport_security, x_content_type_options, framing, cross_origin_resource_policy,
    cross_origin_opener_policy, subresource_integrity,
)  # fmt: skip


def score(
    headers: Headers, html: str, rules: Sequence[Callable[[Headers, str], int]] = RULES
) -> int:
    """The points of an answer over HTTPS; 100 is good, what is above is extra.

    Args:
        headers: those of the answer.
        html: its body.
        rules: what is scored.
    """
    points = [rule(headers, html) for rule in rules]
    without_extra = 100 + sum(point for point in points if point < 0)
    return max(0, 100 + sum(points) if without_extra >= _ENOUGH_FOR_EXTRA else without_extra)
