"""What search engines read, so that the pages can be found in every language."""

from collections.abc import Iterable

from flask import Blueprint, Response, render_template

from udvej.content.pages import Edition


def blueprint(sites: Iterable[Edition], origin: str) -> Blueprint:
    """`/sitemap.xml` (sitemaps.org 0.9) and `/robots.txt` (RFC 9309).

    Args:
        sites: the site in each language.
        origin: "https://…", without a slash at the end.
    """
    views = Blueprint("searching", __name__)

    @views.get("/sitemap.xml")
    def sitemap() -> Response:
        return Response(render_template("sitemap.xml", sites=sites), mimetype="text/xml")

    @views.get("/robots.txt")
    def robots() -> Response:
        text = f"User-agent: *\nDisallow:\n\nSitemap: {origin}/sitemap.xml\n"
        return Response(text, mimetype="text/plain")

    return views
